"""A real page in real headless Chromium, with every error that it reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
AWAY = re.compile(r"net::ERR_|status of (401|503)")
"""What Chromium logs about failed requests, for tests that provoke them."""
PATIENCE_MS = 20_000

_WATCH = """
addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration)))
  .observe({ type: "longtask", buffered: true });
"""
_COLOURS = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let at = 0; at < data.length; at += 4) if (data[at + 3]) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  return seen.size;
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium; it ends with the context."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield browser
        browser.close()


class Watched:
    """A page whose errors are recorded: console errors and warnings, uncaught exceptions, violations of the content security policy."""

    def __init__(self, browser: Browser, **context: Any) -> None:
        self._context = browser.new_context(**{"viewport": {"width": 1440, "height": 960}, **context})
        self._context.set_default_timeout(PATIENCE_MS)
        self._context.add_init_script(_WATCH)
        self.page: Page = self._context.new_page()
        self.errors: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))

    def complaints(self, allowed: re.Pattern[str] | None = None) -> list[str]:
        """Return the errors of the page, without those that a test provokes."""
        return [text for text in self.errors if not (allowed and allowed.search(text))]

    def close(self) -> None:
        """Close the page."""
        self._context.close()


def colours(page: Page, selector: str) -> int:
    """Return how many colours a canvas shows; a blank one shows at most one."""
    return int(page.locator(f"{selector} canvas").first.evaluate(_COLOURS))
