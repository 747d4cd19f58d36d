"""Bundles the page, opens it once for each dashboard, and takes a screenshot."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import typer
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import TimeoutError as PageTimeoutError

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"
MODULES = HERE / "node_modules"
WIDTH = 1600
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><link rel="stylesheet" href="page.css">
<body style="margin:0"><div id="dashboard"></div><script src="page.js"></script>"""
FILES = {
    "public/build/img": MODULES / "@grafana/ui/dist/public/img",
    "public/fonts/inter/Inter-Regular.woff2": MODULES / "@fontsource/inter/files/inter-latin-400-normal.woff2",
    "public/fonts/inter/Inter-Medium.woff2": MODULES / "@fontsource/inter/files/inter-latin-500-normal.woff2",
}
"""Files that the components fetch from a Grafana server, and where they are in the npm packages."""


def draw(boards: list[dict[str, Any]], out: Path, executable: str) -> list[str]:
    """Save `grafana-NAME.png` for each dashboard, given as `DashboardData.answers` returns it; return the errors of the pages.

    Raises:
        subprocess.CalledProcessError: the page could not be bundled; `npm ci` must run first.
    """
    subprocess.run(["node", "build.mjs"], cwd=HERE, check=True)
    (BUILD / "index.html").write_text(PAGE, encoding="utf-8")
    for name, source in FILES.items():
        link = BUILD / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(source)
    out.mkdir(parents=True, exist_ok=True)
    errors: list[str] = []
    with _served(BUILD) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM))
        for board in boards:
            name = board["uid"].removeprefix("squall-")
            errors += [f"{name}: {error}" for error in _screenshot(browser, url, board, out / f"grafana-{name}.png")]
        browser.close()
    return errors


def _screenshot(browser: Browser, url: str, board: dict[str, Any], path: Path) -> list[str]:
    errors: list[str] = []
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda got: errors.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.goto(url)
    page.evaluate("([board, width]) => window.drawDashboard(board, width)", [board, WIDTH])
    try:
        page.wait_for_function(
            "count => document.querySelectorAll('[data-panel]').length === count", arg=len(board["panels"]), timeout=20_000
        )
        height = int(page.evaluate("document.body.scrollHeight"))
        page.set_viewport_size({"width": WIDTH, "height": height})  # tables draw only visible rows
        page.wait_for_load_state("networkidle")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.locator("#dashboard").screenshot(path=path)
        with Image.open(path) as picture:  # a palette reduces the file to a third
            picture.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
        typer.echo(f"wrote {path}")
    except PageTimeoutError as error:
        errors.append(str(error))
    page.close()
    return errors


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve over HTTP on loopback: a page loaded from a file may not fetch its icons."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
