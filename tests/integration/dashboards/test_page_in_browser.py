from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreUnavailableError
from core.records import AlertState

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed (apt-get install chromium)"),
]


def open_page(url: str, profile: Path) -> str:
    """Return the document as headless Chromium has it after four seconds of its virtual time."""
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--virtual-time-budget=4000"]
    return subprocess.run([*command, "--dump-dom", url], capture_output=True, text=True, timeout=120, check=True).stdout


def test_the_page_shows_documents_and_alerts_and_hostile_text_stays_text(world: Any, scored: Any, alert: Any, tmp_path: Path) -> None:
    world.insert(scored(HOSTILE, url="javascript:alert(1)"), scored("Oil falls", topic="Energy | Oil", url="https://wire.example/oil"))
    world.store.write_alerts([alert(1, AlertState.FIRING)])
    with world.serving() as url:
        page = open_page(url, tmp_path / "profile")
    assert "<title>(1) Squall</title>" in page
    assert "Live: refreshed every 2 seconds." in page
    assert html.escape(HOSTILE, quote=False) in page
    assert "<img" not in page
    assert "javascript:" not in page
    assert re.search(r'<a href="https://wire\.example/oil" target="_blank" rel="noopener noreferrer">Oil falls</a>', page)
    assert "42 negative documents, 6.1 expected" in page
    assert '<th scope="row">Energy | Oil</th>' in page


def test_the_page_says_that_the_store_is_in_trouble(world: Any, tmp_path: Path) -> None:
    class Away:
        def __getattr__(self, _name: str) -> Any:
            raise StoreUnavailableError("the store is away", "start it")

    with world.serving(Away()) as url:
        page = open_page(url, tmp_path / "profile")
    assert "Squall answers, but: the store is away (start it)." in page
    assert '<body class="broken">' in page
