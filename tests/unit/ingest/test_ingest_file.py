from __future__ import annotations

import csv
import gzip
import io
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.cleaning.markup import plain
from squall.core.clock import ManualClock
from squall.core.errors import ConfigurationError
from squall.core.items import RAW_LIMIT, Item
from squall.core.records import Kind
from squall.core.text import clean_name
from squall.ingest.cursors import CursorStore
from squall.ingest.file import lines as file_lines
from squall.ingest.file.columns import Columns
from squall.ingest.file.parquet_reader import ParquetReader
from squall.ingest.file.source import FileOptions, FileSource

CLOCK = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
GOOD = '{"title": "Good", "date": "2020-01-01"}'


def read(path: Path, options: FileOptions | None = None, **keywords: Any) -> list[Item]:
    source = FileSource(path, CLOCK, options, **keywords)
    return [item for batch in source.batches(threading.Event()) for item in batch.items]


def jsonl(folder: Path, *lines: str | bytes, name: str = "f.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    return path


def reasons(items: list[Item]) -> list[str]:
    return [item.rejection.reason if item.rejection else "" for item in items]


def titles(items: list[Item]) -> list[str]:
    return [item.document.title if item.document else "" for item in items]


def test_known_column_names_need_no_option(tmp_path: Path) -> None:
    row = {
        "Headline": "Bank fails",
        "Body": "It did",
        "href": "http://x.com/a",
        "guid": "g1",
        "user": "ann",
        "lang": "en-US",
        "cashtags": "$A, B",
        "Timestamp": 1_577_836_800,
    }
    document = read(jsonl(tmp_path, json.dumps(row), name="wire.jsonl"))[0].document
    assert document is not None
    assert (document.title, document.text, document.url, document.author) == ("Bank fails", "It did", "http://x.com/a", "ann")
    assert (document.language, document.symbols, document.source, document.kind) == ("en", ("A", "B"), "wire", Kind.NEWS)
    assert document.published_at == datetime(2020, 1, 1, tzinfo=UTC)


def test_mapped_columns_and_options_win(tmp_path: Path) -> None:
    path = jsonl(tmp_path, json.dumps({"m": "Text", "title": "Title", "when": "01/02/2020", "source": "row", "date": "2010-01-01"}))
    options = FileOptions(columns={"text": "m", "published_at": "when"}, time_format="%d/%m/%Y", source="me", kind="social")
    document = read(path, options)[0].document
    assert document is not None
    assert (document.text, document.source, document.kind) == ("Text", "me", Kind.SOCIAL)
    assert document.published_at == datetime(2020, 2, 1, tzinfo=UTC)


def test_a_tweet_is_social_and_its_repeats_are_one_document(tmp_path: Path) -> None:
    lines = [json.dumps({"created_at": "2014-01-01T00:00:00Z", "id_str": "5", "text": "$A up", "stock": stock}) for stock in "AB"]
    first, second = (item.document for item in read(jsonl(tmp_path, *lines)))
    assert first is not None
    assert second is not None
    assert first.kind is Kind.SOCIAL
    assert first.id == second.id


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{broken", "broken_json"),
        (b"[1]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"\xff\xfe\x00", "broken_encoding"),
        (b'{"title": 5, "date": "2020-01-01"}', "invalid_field"),
        (b'{"title": "x"}', "missing_field"),
        (b'{"date": "2020-01-01"}', "missing_field"),
        (b'{"title": "x", "date": 0}', "invalid_field"),
        (b'{"title": "x", "date": "2030-01-01"}', "invalid_field"),
        (b'{"title": "\\u0000", "date": "2020-01-01"}', "missing_field"),
        (b"[" * 100_000, "broken_json"),
        (b'{"a": ' + b"1" * 6_000 + b"\\ud800}", "broken_json"),
    ],
)
def test_a_bad_line_is_rejected_with_its_number_and_its_neighbours_stay(tmp_path: Path, bad: bytes, reason: str) -> None:
    items = read(jsonl(tmp_path, GOOD, bad, "", GOOD))
    assert reasons(items) == ["", reason, ""]
    assert [item.origin.offset for item in items] == [1, 2, 4]
    assert items[1].rejection is not None
    assert items[1].rejection.raw == bad[:RAW_LIMIT] or items[1].rejection.raw == (bad + b"\n")[:RAW_LIMIT]


def test_half_an_emoji_and_a_five_megabyte_text_are_kept_cleaned_and_cut(tmp_path: Path) -> None:
    long = json.dumps({"text": "y" * 5_000_000, "date": "2020-01-01"})
    items = read(jsonl(tmp_path, '{"title": "a\\ud800b", "date": "2020-01-01"}', long))
    assert reasons(items) == ["", ""]
    assert titles(items)[0] == "ab"
    assert items[1].document is not None
    assert len(items[1].document.text) == 10_000


def test_an_endless_line_is_skipped_without_holding_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lines, "MAX_ROW_BYTES", 1000)
    items = read(jsonl(tmp_path, GOOD, '{"title": "' + "z" * 5_000_000 + '"}', GOOD))
    assert reasons(items) == ["", "too_large", ""]


def test_a_truncated_gzip_gives_what_it_has_and_says_where_it_broke(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"title": f"{i} {hash(i)}", "date": "2020-01-01"}) + "\n" for i in range(5_000))
    path = tmp_path / "f.jsonl.gz"
    path.write_bytes(gzip.compress(lines.encode())[:-2_000])
    source = FileSource(path, CLOCK, cursors=CursorStore(tmp_path / "c"))
    batches = list(source.batches(threading.Event()))
    items = [item for batch in batches for item in batch.items]
    assert 100 < len(items) < 5_001
    assert set(reasons(items[:-1])) == {""}
    assert items[-1].rejection is not None
    assert items[-1].rejection.reason == "broken_file"
    assert str(path) in source.damage
    assert f"row {len(items) - 1}" in source.damage
    for batch in batches:
        batch.commit()
    path.write_bytes(gzip.compress(lines.encode()))
    assert len(read(path, cursors=CursorStore(tmp_path / "c"))) == 5_000


@pytest.mark.parametrize("name", ["f.jsonl", "f.csv", "f.jsonl.gz", "f.csv.gz"])
def test_an_empty_file_delivers_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"") if name.endswith("gz") else b"")
    assert read(path) == []


def test_a_file_that_makes_no_sense_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 not really")
    (tmp_path / "wide.csv").write_bytes("a,b\n1,2\n".encode("utf-16"))
    (tmp_path / "array.json").write_text('[{"title": "x"}]')
    (tmp_path / "cols.csv").write_text("label,headline\n1,x\n")
    jsonl(tmp_path, '{"a": 1}', '{"b": 2}', name="cols.jsonl")
    for name, message in {
        "missing.jsonl": "does not exist",
        "folder.csv": "folder",
        "bad.parquet": "Parquet",
        "wide.csv": "time column.*a, b",
        "array.json": "array",
        "cols.csv": "time column.*headline, label.*--map published_at",
        "cols.jsonl": "time column.*a, b",
        "x.docx": "word processor",
        "x.foo": "extension",
    }.items():
        with pytest.raises(ConfigurationError, match=message):
            read(tmp_path / name)
    with pytest.raises(ConfigurationError, match="no column nope"):
        read(tmp_path / "cols.csv", FileOptions(columns={"published_at": "nope"}))
    with pytest.raises(ConfigurationError, match="unknown field"):
        read(tmp_path / "cols.csv", FileOptions(columns={"nope": "label"}))
    with pytest.raises(ConfigurationError, match="encoding"):
        read(tmp_path / "cols.csv", FileOptions(encoding="utf-99"))


def test_csv_with_quotes_newlines_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes('\ufeffdate,title\n2020-01-01,"two\nlines, ""quoted"""\n2020-01-02,caf\u00e9\n'.encode())
    items = read(path)
    assert titles(items) == ['two lines, "quoted"', "caf\u00e9"]  # a title is one line
    assert [item.origin.offset for item in items] == [1, 2]


def test_a_stray_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    good = "".join(f"2020-01-01,row {i}\n" for i in range(20))
    path.write_text('date,title\n2020-01-01,first\n2020-01-01,"stray\n' + good)
    items = read(path)
    assert reasons(items) == ["", "broken_csv", *[""] * 20]
    path.write_text('date,title\n2020-01-01,"stray\n2020-01-01,"fine"\n2020-01-01,x,y\n' + good)
    assert reasons(read(path)) == ["broken_csv", "", "broken_csv", *[""] * 20]


def test_another_encoding_is_read_when_named_or_found_and_rejected_by_row_when_another_is_named(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"date;title\n2020-01-01;caf\xe9\n2020-01-01;tea\n")
    assert titles(read(path, FileOptions(encoding="latin-1", delimiter=";"))) == ["caf\u00e9", "tea"]
    assert titles(read(path)) == ["caf\u00e9", "tea"]
    items = read(path, FileOptions(encoding="utf-8"))
    assert reasons(items) == ["broken_encoding", ""]
    assert items[0].rejection is not None
    assert "--encoding" in items[0].rejection.detail


def test_parquet_with_times_lists_and_undecodable_text(tmp_path: Path) -> None:
    bad = pa.Array.from_buffers(pa.utf8(), 3, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xffc")])
    moments = pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * 3, pa.timestamp("ns", "UTC"))
    table = pa.table({"created_at": moments, "title": bad, "symbols": pa.array([["A"], [], None], pa.list_(pa.utf8()))})
    pq.write_table(table, tmp_path / "f.parquet", use_dictionary=False)
    items = read(tmp_path / "f.parquet")
    assert reasons(items) == ["", "broken_encoding", ""]
    assert items[0].document is not None
    assert items[0].document.symbols == ("A",)


def test_parquet_numbers_that_32_bits_have_rounded_are_no_ids(tmp_path: Path) -> None:
    ids = pa.array([20000001.0, 20000003.0, 1234567.0, None], pa.float32())
    pq.write_table(pa.table({"id": ids, "title": list("abcd"), "date": ["2020-01-01"] * 4}), tmp_path / "f.parquet")
    assert reasons(read(tmp_path / "f.parquet")) == ["lost_digits", "lost_digits", "", ""]


@pytest.mark.parametrize("start", [0, 1, 3, 4, 7, 10, 11])
def test_parquet_resumes_at_any_row(tmp_path: Path, start: int) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"title": [f"t{i}" for i in range(10)], "date": ["2020-01-01"] * 10}), path, row_group_size=3)
    assert [row.number for row in ParquetReader(path, Columns({})).rows(start)] == list(range(start + 1, 11))


def test_a_changed_file_starts_from_its_beginning(tmp_path: Path) -> None:
    cursors = CursorStore(tmp_path / "c")
    path = jsonl(tmp_path, GOOD, GOOD)
    for batch in FileSource(path, CLOCK, cursors=cursors).batches(threading.Event()):
        batch.commit()
    assert read(path, cursors=cursors) == []
    assert len(read(path, cursors=cursors, resume=False)) == 2
    jsonl(tmp_path, GOOD, GOOD, GOOD)
    assert len(read(path, cursors=cursors)) == 3


def test_only_the_last_batch_is_caught_up(tmp_path: Path) -> None:
    path = jsonl(tmp_path, *[GOOD] * 6)
    batches = list(FileSource(path, CLOCK, FileOptions(batch_items=3)).batches(threading.Event()))
    assert [(len(batch.items), batch.caught_up) for batch in batches] == [(3, False), (3, True)]


# lines without a line end, so that their number is known
LINES = st.lists(st.binary(max_size=80).map(lambda line: line.replace(b"\n", b" ")), max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINES)
def test_any_bytes_give_one_item_per_line_that_is_not_blank(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = jsonl(tmp_path_factory.mktemp("any"), GOOD, *lines, GOOD)
    items = read(path)
    wanted = [n for n, line in enumerate(lines, 2) if line.strip()]
    assert [item.origin.offset for item in items] == [1, *wanted, len(lines) + 2]
    assert all((item.document is None) != (item.rejection is None) for item in items)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINES)
def test_any_bytes_in_a_csv_never_lose_the_rows_before(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("any") / "f.csv"
    path.write_bytes(b"date,title\n2020-01-01,first\n" + b"".join(line + b"\n" for line in lines))
    items = read(path)
    assert titles(items)[0] == "first"
    assert len(items) <= len(lines) + 1


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda text: clean_name(plain(text))),
        min_size=1,
        max_size=10,
    )
)
def test_rows_written_by_the_csv_module_all_come_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["date", "title"])
    writer.writerows(["2020-01-01", text] for text in texts)
    path = tmp_path_factory.mktemp("csv") / "f.csv"
    path.write_text(buffer.getvalue(), "utf-8", newline="")
    assert titles(read(path)) == [clean_name(plain(text), 1000) for text in texts]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rows_in", "distinct"),
    [("reuters/reuters_2011-08.jsonl.gz", 105_856, 105_856), ("stocknet/tweet_raw_text_2014_2016.jsonl.gz", 119_844, 96_826)],
)
def test_the_shared_sets_are_read_whole_without_an_option(data_folder: Path, name: str, rows_in: int, distinct: int) -> None:
    items = read(data_folder / name)
    assert len(items) == rows_in
    assert set(reasons(items)) == {""}
    assert len({item.document.id for item in items if item.document}) == distinct


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("posts.xlsx", b"PK\x03\x04", ("an Excel workbook", "as CSV")),
        ("posts.XLS", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ("an Excel workbook", "as CSV")),
        ("posts.ods", b"PK\x03\x04", ("an OpenDocument spreadsheet", "as CSV")),
        ("posts.pdf", b"%PDF-1.7\n", ("a PDF", "JSON lines")),
        ("posts.zip", b"PK\x03\x04", ("a ZIP archive", "unpack it")),
        ("posts.csv.bz2", b"BZh91AY&SY", ("packed with bzip2", "unpack it")),
        ("feed.xml", b"<rss/>", ("XML", "squall ingest rss")),
        ("posts.csv", b"PK\x03\x04\x14\x00\x06\x00", ("an Excel workbook", "as CSV")),
        ("posts.jsonl", b"SQLite format 3\x00", ("a SQLite database", "JSON lines")),
        ("posts.csv", b"PAR1\x15\x04", ("Parquet", "--format parquet")),
    ],
)
def test_a_file_of_another_kind_is_refused_with_its_kind_and_what_to_do(
    tmp_path: Path, name: str, content: bytes, told: tuple[str, str]
) -> None:
    (path := tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        read(path)
    assert told[0] in error.value.what
    assert told[1] in error.value.hint


def test_an_id_counts_only_while_it_tells_rows_apart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Also where reading goes on in the middle of the file; versions of one document share its link."""
    stories = [f'{{"id": 0, "title": "Story {number}", "date": "2020-01-01"}}' for number in range(4)]
    cursors = CursorStore(tmp_path / "cursors")
    path = jsonl(tmp_path, *stories)
    first, *_ = FileSource(path, CLOCK, FileOptions(batch_items=2), cursors).batches(threading.Event())
    first.commit()
    rest = read(path, cursors=cursors)
    ids = {item.document.id for item in [*first.items, *rest] if item.document}
    assert (len(rest), len(ids)) == (2, 4)
    assert sum("share the id '0'" in record.getMessage() for record in caplog.records) == 2
    versions = [f'{{"id": 7, "url": "http://x.com/a", "title": "Version {n}", "date": "2020-01-01"}}' for n in range(4)]
    assert len({item.document.id for item in read(jsonl(tmp_path, *versions, name="v.jsonl")) if item.document}) == 1
    linked = [f'{{"id": 7, "url": "http://x.com/{n}", "title": "Story {n}", "date": "2020-01-01"}}' for n in range(4)]
    own = '{"id": 8, "url": "http://x.com/8", "title": "Another", "date": "2020-01-01"}'
    assert len({item.document.id for item in read(jsonl(tmp_path, *linked, own, name="l.jsonl")) if item.document}) == 5
