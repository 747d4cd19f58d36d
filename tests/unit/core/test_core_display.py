"""Foreign text on a terminal, in a log line and in a spreadsheet is text only."""

from __future__ import annotations

import csv
import io
import json
import logging
import subprocess
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.display import spreadsheet_cell, visible, visible_lines
from squall.core.observability.logging import JsonFormatter, TextFormatter

ROOT = Path(__file__).resolve().parents[3]
FORGED = "news\n12:00:00 error   squall: forged\r\x1b[2J\x1b]0;title\x07\x9b31m\u202eabc\u2028next\x85"


@given(st.text())
def test_what_is_shown_on_one_line_is_one_line_without_control_characters(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 or each in "\u202e\u2066\u2028" for each in shown)
    assert not set(visible_lines(text)) & {"\x1b", "\r", "\x9b", "\x07", "\x08", "\u202e"}


def test_plain_text_in_any_language_stays() -> None:
    text = "Öl steigt – 原油 🛢️ 10 %"
    assert visible(text).replace("\\ufe0f", "\ufe0f") == visible_lines(text).replace("\\ufe0f", "\ufe0f") == text


@given(st.dictionaries(st.text(max_size=5), st.text(alphabet=st.characters(exclude_categories=["Cs"]))))
def test_json_means_the_same_after_it_is_made_visible(value: dict[str, str]) -> None:
    assert json.loads(visible_lines(orjson.dumps(value).decode())) == value


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_log_line_can_not_be_forged_nor_steer_the_terminal(formatter: logging.Formatter) -> None:
    record = logging.LogRecord("squall", logging.WARNING, "", 1, "source %s", (FORGED,), None)
    record.source = FORGED
    line = formatter.format(record)
    assert len(line.splitlines()) == 1
    assert not set(line) & set("\x1b\r\x9b\u202e\x07")


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_url_that_a_library_logs_shows_no_secret(formatter: logging.Formatter) -> None:
    try:
        raise ValueError("no answer from https://u:hunter2@host/feed?key=hunter2")
    except ValueError as error:
        record = logging.LogRecord("library", logging.WARNING, "", 1, "GET %s", ("https://hunter2@host/x",), (ValueError, error, None))
    record.url = "https://host/?k=hunter2"
    line = formatter.format(record)
    assert "hunter2" not in line
    assert "host/feed" in line


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "-", "+", "-1e5x", "+1_0", "+١"]
)
def test_a_cell_that_a_spreadsheet_would_calculate_gets_a_quote(cell: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerow([spreadsheet_cell(cell)])
    (row,) = csv.reader(io.StringIO(text.getvalue(), newline=""))
    assert row[0] == "'" + cell


@pytest.mark.parametrize("cell", ["", "Oil | Gas", "a=b", "-1.5", "+3", "-1e-5", -1.5, 3, None, "2026-03-02"])
def test_numbers_and_plain_text_stay_as_they_are(cell: object) -> None:
    assert spreadsheet_cell(cell) == cell


def test_every_csv_file_and_every_line_of_the_command_line_goes_this_way() -> None:
    """The report of a backtest writes the only CSV; commands print through `squall.cli.output`."""
    rooms = ["alerts", "backtest", "core", "dashboards", "entities", "ingest", "model", "storage", "stories", "stream", "squall"]
    writers = _files_with(r"csv\.\(Dict\)\?[wW]riter(\|to_csv(", rooms)
    assert writers == {"backtest/history/result.py"}
    assert "spreadsheet_cell" in (ROOT / "backtest/history/result.py").read_text()
    assert _files_with(r"\(typer\|click\)\.\(echo\|secho\)(", ["squall"]) == {"squall/cli/output.py"}


def _files_with(pattern: str, rooms: list[str]) -> set[str]:
    found = subprocess.run(["grep", "-rl", "--include=*.py", pattern, *rooms], cwd=ROOT, capture_output=True, text=True, check=False)
    return set(found.stdout.split())
