"""How a text file is written is found, said, and can be told; a file of which nothing is a document is an error."""

from __future__ import annotations

import csv
import gzip
import io
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.core.errors import ConfigurationError
from squall.core.items import Item
from squall.ingest.file.columns import Columns
from squall.ingest.file.csv_dialect import DELIMITERS, find_dialect
from squall.ingest.file.source import FileOptions, FileSource
from squall.ingest.file.text_form import text_form

CLOCK = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
TABLE = "date,title,text\n2020-01-01,Börse fällt,Große Verluste\n2020-01-02,Apple’s day,“Bad” – £5bn\n"


def read(path: Path, options: FileOptions | None = None) -> tuple[list[Item], str]:
    source = FileSource(path, CLOCK, options)
    return [item for batch in source.batches(threading.Event()) for item in batch.items], source.damage


def pairs(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.document.title, item.document.text) if item.document else ("", "") for item in items]


EXPECTED = [("Börse fällt", "Große Verluste"), ("Apple’s day", "“Bad” – £5bn")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("zipped", [False, True])
def test_delimiter_line_end_and_encoding_are_found(tmp_path: Path, encoding: str, end: str, delimiter: str, zipped: bool) -> None:
    data = TABLE.replace(",", delimiter).replace("\n", end).encode(encoding)
    path = tmp_path / ("f.csv.gz" if zipped else "f.csv")
    path.write_bytes(gzip.compress(data) if zipped else data)
    items, damage = read(path)
    assert (pairs(items), damage) == (EXPECTED, "")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("日経平均が急落、東京株式市場で大幅に下落した", "shift_jis"),
        ("日経平均が急落、東京株式市場で大幅に下落した", "euc_jp"),
        ("中国股市周一大幅下跌，投资者担忧经济放缓", "gb18030"),
        ("台灣股市週一大幅下跌，投資人擔憂經濟放緩", "big5"),
        ("한국 주식시장이 월요일 큰 폭으로 하락했다", "euc_kr"),
        ("Акции банка упали на пять процентов", "cp1251"),
        ("Акции банка упали на пять процентов", "koi8_r"),
        ("Οι μετοχές των τραπεζών υποχώρησαν", "cp1253"),
        ("Akcje spółek tracą na wartości, złoty słabszy", "cp1250"),
        ("Les marchés européens ont clôturé en baisse, où ça", "cp1252"),
    ],
)
def test_the_encodings_of_other_scripts_are_found(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(f"date;title\n2020-01-01;{text}\n".encode(encoding))
    assert pairs(read(path)[0]) == [(text, "")]


def test_a_file_of_an_old_mac_program_is_in_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes("date,title\r2020-01-01,Société Générale chute à l’été\r".encode("mac_roman"))
    assert pairs(read(path)[0]) == [("Société Générale chute à l’été", "")]


@pytest.mark.parametrize("delimiter", ["~", ":", "^", "\x01"])
def test_the_error_of_an_unusual_delimiter_names_the_option(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text(TABLE.replace(",", delimiter))
    with pytest.raises(ConfigurationError) as refusal:
        read(path)
    assert f"--delimiter {delimiter!r}" in str(refusal.value)


def test_what_was_found_is_said_and_a_guess_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(TABLE.replace(",", ";").replace("\n", "\r").encode("cp1252"))
    with caplog.at_level(logging.INFO):
        read(path)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == f"{path} is CSV with the delimiter ';' in cp1252 (guessed), lines ending in CR"


def test_a_damaged_line_in_utf_8_does_not_change_the_encoding_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(TABLE.encode() + b"2020-01-03,\xff\xfe,x\n")
    items, _ = read(path)
    assert pairs(items) == [*EXPECTED, ("", "")]


def test_json_lines_in_utf_16_are_read(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes('{"date": "2020-01-01", "title": "Börse"}\r\n'.encode("utf-16"))
    assert pairs(read(path)[0]) == [("Börse", "")]


def test_a_first_line_that_states_the_delimiter_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("sep=;\ndate;title\n2020-01-01;A, b\n")
    assert pairs(read(path)[0]) == [("A, b", "")]


def test_quotes_behind_a_backslash_are_read_with_the_option_that_the_error_names(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text('date,title\n2020-01-01,"He said \\"sell\\" twice"\n2020-01-01,plain\n')
    items, _ = read(path)
    assert [item.rejection.reason if item.rejection else "" for item in items] == ["broken_csv", ""]
    assert items[0].rejection is not None
    assert "--escape" in items[0].rejection.detail
    assert pairs(read(path, FileOptions(escape="\\"))[0]) == [('He said "sell" twice', ""), ("plain", "")]


@pytest.mark.parametrize("options", [FileOptions(delimiter=";;"), FileOptions(escape='"'), FileOptions(delimiter="\n")])
def test_a_dialect_that_can_not_be_is_refused(tmp_path: Path, options: FileOptions) -> None:
    (tmp_path / "f.csv").write_text(TABLE)
    with pytest.raises(ConfigurationError, match="one character"):
        read(tmp_path / "f.csv", options)


def test_a_wrong_delimiter_is_answered_with_the_right_option(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(TABLE.replace(",", ";"))
    with pytest.raises(ConfigurationError, match=r"one column.*--delimiter ';'"):
        read(tmp_path / "f.csv", FileOptions(delimiter=","))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("f.csv", "date,title\n", "no row of data"),
        ("f.csv", "date,title\nx,y\n", "none of the 1 rows is a document, row 1: invalid_field"),
        ("f.jsonl", "no json\n", "none of the 1 rows is a document, row 1: broken_json"),
    ],
)
def test_nothing_from_a_file_that_is_not_empty_is_an_error(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    _, damage = read(tmp_path / name)
    assert message in damage
    assert "--format, --encoding, --delimiter, --map" in damage


@pytest.mark.parametrize("content", [b"", gzip.compress(b"", mtime=0), b"\n\n"])
def test_nothing_from_an_empty_file_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f.jsonl").write_bytes(content)
    assert read(tmp_path / "f.jsonl") == ([], "")


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(DELIMITERS), st.lists(CELLS, min_size=1, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_the_delimiter_of_a_table_with_known_columns_is_found(delimiter: str, texts: list[str], end: str) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end)
    writer.writerow(["date", "title", "text"])
    writer.writerows(["2020-01-01", text, text] for text in texts)
    assert find_dialect(buffer.getvalue(), ",", Columns({}), "", "").delimiter == delimiter


@given(st.binary())
@example(b"\xff\xfe")
@example(b"\xff\xfe\x00\x00\x01")
def test_any_beginning_has_a_form(sample: bytes) -> None:
    form = text_form(sample, "")
    sample.decode(form.encoding, "replace")
