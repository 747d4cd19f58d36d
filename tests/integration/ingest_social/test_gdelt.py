"""The GDELT source against a server that has its files."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from squall.core.clock import ManualClock
from squall.core.errors import UnavailableError
from squall.core.items import Item
from squall.core.records import Document
from squall.ingest.gdelt.files import rows
from squall.ingest.gdelt.options import GdeltOptions
from squall.ingest.gdelt.source import GdeltSource
from squall.ingest.gdelt.source_type import GdeltType
from squall.sources.conformance import SourceConformance, SourceRig, TypeRig
from tests.support.gdelt_server import GdeltServer, gkg_row
from tests.support.linkers import shipped
from tests.support.source_context import source_context

AT = datetime(2026, 1, 12, 16, 15, tzinfo=UTC)
STEP = timedelta(minutes=15)


@pytest.fixture
def server() -> Iterator[GdeltServer]:
    made = GdeltServer()
    yield made
    made.close()


def open_source(server: GdeltServer, folder: Path, clock: ManualClock | None = None, **given: Any) -> GdeltSource:
    options = GdeltOptions.model_validate({"url": server.url, "everything": True, **given})
    return GdeltSource(options, source_context(folder, clock=clock or ManualClock(AT + timedelta(hours=6))))


def read(source: GdeltSource, ends: int = 1, commits: int = 10**9) -> list[Item]:
    """Return the items up to the `ends`th time that nothing more is there; batches after the first `commits` are not committed."""
    items: list[Item] = []
    for number, batch in enumerate(source.batches(threading.Event()), 1):
        if number > commits:
            break
        items += batch.items
        batch.commit()
        ends -= batch.caught_up
        if not ends:
            break
    source.close()
    return items


def documents(items: list[Item]) -> list[Document]:
    return [item.document for item in items if item.document]


def test_the_titles_of_the_newest_file_come_with_publisher_and_time(server: GdeltServer, tmp_path: Path) -> None:
    server.publish(
        AT,
        gkg_row("AT&T &#8211; shares fall", AT, 1, "reuters.com", precise="20260112154500"),
        gkg_row("", AT, 2),
        gkg_row("A broadcast", AT, 3, collection="2"),
        gkg_row("From the archive", AT, 4, precise="20110101000000"),
        "a\tbroken row",
    )
    items = read(open_source(server, tmp_path))
    first, second = documents(items)
    assert (first.title, first.source, first.author, first.language) == ("AT&T – shares fall", "reuters.com", "Ada L.", "en")
    assert (first.published_at, second.published_at) == (AT - timedelta(minutes=30), AT)
    assert first.url == "https://www.reuters.com/news/1"
    assert [item.rejection.reason for item in items if item.rejection] == ["broken_row"]


def test_every_file_since_the_last_one_is_read_across_restarts(server: GdeltServer, tmp_path: Path) -> None:
    server.publish(AT, gkg_row("first", AT, 0))
    read(open_source(server, tmp_path))
    for number in range(1, 6):
        server.publish(AT + number * STEP, gkg_row(f"title {number}", AT + number * STEP, number))
    assert [document.title for document in documents(read(open_source(server, tmp_path)))] == [f"title {number}" for number in range(1, 6)]


def test_a_file_is_read_on_from_the_batch_that_was_committed_last(server: GdeltServer, tmp_path: Path) -> None:
    server.publish(AT, *(gkg_row(f"title {number}", AT, number) for number in range(1_200)))
    first = documents(read(open_source(server, tmp_path), commits=1))
    again = documents(read(open_source(server, tmp_path)))
    assert [document.title for document in (*first, *again)] == [f"title {number}" for number in range(1_200)]
    assert len(first) == 500


def test_a_file_that_is_not_yet_as_listed_is_tried_again(server: GdeltServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    name = server.publish(AT, gkg_row("whole", AT))
    whole = server.files[name]
    server.files[name] = whole[:-20]
    clock = ManualClock(AT + timedelta(hours=6))

    def finish(seconds: float) -> None:
        clock.advance(seconds)
        server.files[name] = whole

    clock.sleep = finish  # type: ignore[method-assign]
    assert [document.title for document in documents(read(open_source(server, tmp_path, clock)))] == ["whole"]
    assert "is not yet as listed" in caplog.text


def test_files_that_gdelt_does_not_have_or_that_stay_damaged_are_left_out_and_said(
    server: GdeltServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.publish(AT, gkg_row("first", AT))
    read(open_source(server, tmp_path))
    damaged = server.publish(AT + 2 * STEP, gkg_row("damaged", AT))
    server.files[damaged] = server.files[damaged][:50]
    server.publish(AT + 5 * STEP, gkg_row("last", AT))
    for number in (3, 4):
        server.files[f"{AT + number * STEP:%Y%m%d%H%M%S}.gkg.csv.zip"] = server.files[server.publish(AT + 5 * STEP, gkg_row("last", AT))]
    source = open_source(server, tmp_path)
    assert [document.title for document in documents(read(source))] == ["last"] * 3
    assert source.gaps == 2
    assert caplog.text.count("is left out") == 2


def test_a_list_that_names_a_file_of_the_future_moves_nothing(
    server: GdeltServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.publish(AT, gkg_row("first", AT, 1))
    good = server.files["lastupdate.txt"]
    read(open_source(server, tmp_path))
    server.files["lastupdate.txt"] = good.replace(b"20260112161500", b"20990112161500")
    clock = ManualClock(AT + timedelta(hours=6))
    sleep = clock.sleep

    def repaired(seconds: float) -> None:
        sleep(seconds)
        if "lists a file of the future" in caplog.text:
            server.publish(AT + STEP, gkg_row("second", AT, 2))

    clock.sleep = repaired  # type: ignore[method-assign]
    source = open_source(server, tmp_path, clock)
    assert [document.title for document in documents(read(source))] == ["second"]
    assert source.gaps == 0


def test_an_encrypted_file_is_a_damaged_one() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.gkg.csv", "row\n")
    body = bytearray(packed.getvalue())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(header) + flags] |= 1
    with pytest.raises(UnavailableError, match="damaged"):
        list(rows(bytes(body)))


def test_an_old_file_that_the_server_misses_for_a_moment_is_not_left_out(server: GdeltServer, tmp_path: Path) -> None:
    server.publish(AT, gkg_row("first", AT))
    read(open_source(server, tmp_path))
    body = server.files.pop(server.publish(AT + STEP, gkg_row("second", AT)))
    server.publish(AT + 4 * STEP, gkg_row("last", AT))
    for number in (2, 3):
        server.files[f"{AT + number * STEP:%Y%m%d%H%M%S}.gkg.csv.zip"] = body
    clock = ManualClock(AT + timedelta(hours=6))
    sleep = clock.sleep

    def appear(pause: float) -> None:
        sleep(pause)
        server.files[f"{AT + STEP:%Y%m%d%H%M%S}.gkg.csv.zip"] = body

    clock.sleep = appear  # type: ignore[method-assign]
    source = open_source(server, tmp_path, clock)
    assert [document.title for document in documents(read(source))] == ["second", "second", "second", "last"]
    assert source.gaps == 0


def test_a_refusal_is_waited_out_as_long_as_the_server_asks(server: GdeltServer, tmp_path: Path) -> None:
    server.publish(AT, gkg_row("first", AT))
    server.refusals = [(429, {"Retry-After": "700"})]
    clock = ManualClock(AT + timedelta(hours=6))
    began = clock.monotonic()
    assert len(read(open_source(server, tmp_path, clock))) == 1
    assert clock.monotonic() - began >= 700


def test_only_what_is_wanted_becomes_a_document(server: GdeltServer, tmp_path: Path) -> None:
    server.publish(
        AT, gkg_row("A bank fails", AT, 1), gkg_row("A cat sleeps", AT, 2), gkg_row("Another bank fails", AT, 3, publisher="reuters.com")
    )
    found = documents(read(open_source(server, tmp_path, everything=False, keywords=["bank"], publishers=["www.reuters.com"])))
    assert [document.title for document in found] == ["Another bank fails"]


def test_an_article_has_the_tickers_of_the_companies_in_its_title_and_of_those_it_names_again(server: GdeltServer, tmp_path: Path) -> None:
    organisations = "AT,3;Ford,12;Goldman Sachs,40;Goldman Sachs,300;Reuters,900;Village Choir,20;Village Choir,70;!,3;!,9"
    server.publish(AT, gkg_row("Ford to cut 2,000 jobs", AT, 1, organisations=organisations), gkg_row("Nothing named", AT, 2))
    context = source_context(tmp_path, clock=ManualClock(AT + timedelta(hours=6)), linker=shipped)
    options = GdeltOptions.model_validate({"url": server.url, "everything": True})
    found = documents(read(GdeltSource(options, context)))
    assert [sorted(document.symbols) for document in found] == [["F", "GS"], []]


def test_organisations_and_themes_count_however_many_a_row_names(server: GdeltServer, tmp_path: Path) -> None:
    many = "".join(f"Village Choir {number},{number * 30};" for number in range(5_000))
    named = {"organisations": f"{many}Ford,200000", "themes": "".join(f"TAX_{number},9;" for number in range(900)) + "ECON_BANKRUPTCY,9"}
    server.publish(AT, gkg_row("Ford to cut 2,000 jobs", AT, 1, **named))
    context = source_context(tmp_path, clock=ManualClock(AT + timedelta(hours=6)), linker=shipped)
    options = GdeltOptions.model_validate({"url": server.url, "themes": ["ECON_BANKRUPTCY"]})
    assert [document.symbols for document in documents(read(GdeltSource(options, context)))] == [("F",)]


def test_an_article_about_a_chosen_theme_is_wanted_whatever_its_title(server: GdeltServer, tmp_path: Path) -> None:
    server.publish(
        AT,
        gkg_row("The end came at noon", AT, 1, themes="TAX_FNCACT,4;ECON_BANKRUPTCY,15"),
        gkg_row("The river rose", AT, 2, themes="NATURAL_DISASTER_FLOOD,9"),
        gkg_row("A cat sleeps", AT, 3, themes="ECON_BANKRUPTCYX,9"),
        gkg_row("A bank fails", AT, 4),
    )
    themes = ["econ_bankruptcy", "NATURAL_DISASTER_*"]
    assert [each.title for each in documents(read(open_source(server, tmp_path / "a", everything=False, themes=themes)))] == [
        "The end came at noon",
        "The river rose",
    ]
    both = open_source(server, tmp_path / "b", everything=False, themes=themes, keywords=["bank"])
    assert [each.title for each in documents(read(both))][-1] == "A bank fails"


class TestConformance(SourceConformance):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[SourceRig]:
        server = GdeltServer()
        titles = [f"title {number}" for number in range(12)]
        for part in range(3):
            at = AT + part * STEP
            server.publish(
                at, *(gkg_row(title, at, number) for number, title in enumerate(titles[part * 4 : part * 4 + 4], part * 4)), "broken"
            )
        rig = TypeRig(GdeltType(), {"url": server.url, "everything": True}, tmp_path, titles=titles, rejects=3)
        rig.context().cursor.save({"done": (AT - STEP).isoformat(), "row": 0})
        yield rig
        server.close()
