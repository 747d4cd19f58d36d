"""Take the screenshots of the live page for the docs from a running demo, once it has printed its summary:

SQUALL_DETECTOR__RESOLVE_MINUTES=2880 squall demo --keep     # alerts stay open to the end of the stream
python -m tests.support.page_screenshots http://127.0.0.1:8080 docs/images
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Watched, chromium


def _shown(browser: Browser, address: str, width: int, height: int, scheme: str) -> Watched:
    watched = Watched(browser, viewport={"width": width, "height": height}, color_scheme=scheme)
    watched.page.goto(address)
    expect(watched.page.locator("#heatmap canvas").first).to_be_visible()
    expect(watched.page.locator("#chart canvas").first).to_be_visible()
    expect(watched.page.locator("#pipeline")).to_have_text("running")
    return watched


def _save(page: Page, path: Path) -> None:
    page.screenshot(path=path)
    with Image.open(path) as picture:
        # a palette makes it half as large; this method keeps rare colours, such as that of a dot
        picture.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


def _take(browser: Browser, url: str, series: str, folder: Path) -> None:
    address = f"{url}?series={series}"
    for name, width, height, scheme in (("light", 1440, 960, "light"), ("dark", 1440, 960, "dark"), ("phone", 390, 1560, "light")):
        with closing(_shown(browser, address, width, height, scheme)) as watched:
            _save(watched.page, folder / f"page-{name}.png")
    with closing(_shown(browser, address, 1440, 960, "light")) as watched:
        page = watched.page
        card = page.locator("#alerts-open .alert").first
        card.locator(".toggle").click()
        expect(card.locator(".alert-documents li").first).to_be_visible()
        card.get_by_role("button", name="Acknowledge").click()
        page.locator("#chart-title").scroll_into_view_if_needed()
        page.evaluate("document.getElementById('chart-title').closest('.panel').scrollIntoView()")
        _save(page, folder / "page-alert.png")


def main(url: str, folder: Path) -> None:
    """Save page-light, page-dark, page-phone and page-alert of the page at `url` under `folder`."""
    alerts = httpx.get(f"{url}/api/alerts", params={"state": "firing"}).raise_for_status().json()["alerts"]
    single = next(alert["topic"] for alert in alerts if alert["kind"] == "topic" and alert["severity"] == "critical")
    with chromium() as browser:
        _take(browser, url, quote(single), folder)


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
