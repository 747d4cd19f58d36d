"""The address of the live page of the process that has an embedded store open: a file beside the store, `<folder>.page.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from squall.core.config.settings import Settings
from squall.core.net.addresses import split_url


def _file(settings: Settings) -> Path | None:
    """Return the file; None when the store is a server, which many processes can open."""
    url = split_url(settings.store_url)
    if url is None or url.scheme != "chdb":
        return None
    folder = Path(unquote(url.path)).resolve()
    return folder.with_name(f"{folder.name}.page.json")


@contextmanager
def publish_page_address(settings: Settings, url: str) -> Iterator[None]:
    """Write the address of the live page beside the embedded store while the page is served."""
    file = _file(settings)
    if file is None:
        yield
        return
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", encoding="utf-8")
    new.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def read_page_address(settings: Settings, process: int | None) -> str | None:
    """Return the address of the live page if `process`, which has the store open, wrote it; None otherwise.

    A file that a killed node left behind is ignored: whatever listens at its address now must not receive the token.
    """
    try:
        content = json.loads((_file(settings) or Path()).read_text(encoding="utf-8"))
        return str(content["url"]) if process is not None and content["pid"] == process else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
