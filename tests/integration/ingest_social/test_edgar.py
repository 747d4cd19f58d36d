"""The EDGAR source against a server that lists filings as EDGAR does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from squall.core.clock import ManualClock, SystemClock
from squall.core.items import Item
from squall.core.records import Document
from squall.ingest.edgar import source as edgar
from squall.ingest.edgar.options import EdgarOptions
from squall.ingest.edgar.source import EdgarSource
from squall.ingest.edgar.source_type import EdgarType
from squall.sources.conformance import SourceConformance, SourceRig, TypeRig
from tests.support.edgar_server import EdgarServer
from tests.support.source_context import source_context

NOW = datetime(2026, 1, 12, 16, 28, tzinfo=UTC)
AGENT = "Example Fund desk@example.com"
APPLE = ("Apple Inc.", "0000320193", "Filer")


@pytest.fixture
def server() -> Iterator[EdgarServer]:
    made = EdgarServer(NOW)
    yield made
    made.close()


def open_source(server: EdgarServer, folder: Path, clock: ManualClock | None = None, **given: Any) -> EdgarSource:
    options = EdgarOptions.model_validate({"user_agent": AGENT, "url": server.url, "forms": ["8-K"], "text": False, **given})
    return EdgarSource(options, source_context(folder, clock=clock or ManualClock(NOW)))


def read(source: EdgarSource, batches: int = 1) -> list[Item]:
    items: list[Item] = []
    for number, batch in enumerate(source.batches(threading.Event()), 1):
        items += batch.items
        batch.commit()
        if number == batches:
            break
    source.close()
    return items


def documents(items: list[Item]) -> list[Document]:
    return [item.document for item in items if item.document]


def test_an_8k_is_told_by_the_names_of_its_items_and_has_the_tickers_of_its_number(server: EdgarServer, tmp_path: Path) -> None:
    items = ("Item 1.03: Bankruptcy or Receivership", "Item 9.01: Financial Statements and Exhibits")
    server.file("8-K", APPLE, items=items, age_seconds=60)
    server.file("8-K/A", ("HARBOR UNION CORP/DE/", "0000000007", "Filer"), items=items[1:], age_seconds=50)
    first, second = documents(read(open_source(server, tmp_path)))
    assert first.title == "Apple Inc.: current report (8-K): Bankruptcy or Receivership"
    assert first.text == "Item 1.03: Bankruptcy or Receivership\nItem 9.01: Financial Statements and Exhibits"
    assert (first.symbols, first.published_at, first.author) == (("AAPL",), NOW - timedelta(seconds=60), "Apple Inc.")
    assert first.url.startswith("https://www.sec.gov/Archives/edgar/data/320193/")
    assert second.title == "HARBOR UNION CORP: amended current report (8-K/A): Financial Statements and Exhibits"
    assert second.symbols == ()
    assert {agent for _, agent in server.requests} == {AGENT}


SUBMISSION = b"""<SEC-DOCUMENT>0000950103-26-000001.txt
<DOCUMENT>
<TYPE>8-K
<SEQUENCE>1
<TEXT>
<html><body><div style="display:none"><ix:header><ix:hidden>0000320193</ix:hidden></ix:header></div>
<p>UNITED STATES SECURITIES AND EXCHANGE COMMISSION</p><p><b>Item 1.03.</b> Bankruptcy or Receivership.</p>
<p>On January 12, 2026, Apple&#160;Inc. filed a voluntary petition under Chapter&nbsp;11.</p>
<p>Item 9.01. Financial Statements and Exhibits.</p><p>(d) Exhibits</p>
<p>SIGNATURE</p><p>Pursuant to the requirements, signed by nobody in particular, whose name is not news.</p></body></html>
</TEXT>
</DOCUMENT>
<DOCUMENT>
<TYPE>EX-99.1
<TEXT>
<p>CUPERTINO - Apple Inc. today announced that it has filed for protection from its creditors.</p>
</TEXT>
</DOCUMENT>
"""


def test_a_filing_brings_what_it_says_without_its_cover_and_signatures(server: EdgarServer, tmp_path: Path) -> None:
    items = ("Item 1.03: Bankruptcy or Receivership", "Item 9.01: Financial Statements and Exhibits")
    server.submissions[server.file("8-K", APPLE, items=items)] = SUBMISSION
    [found] = documents(read(open_source(server, tmp_path, text=True)))
    assert found.text.splitlines()[2:] == [
        "Item 1.03. Bankruptcy or Receivership. On January 12, 2026, Apple Inc. filed a voluntary petition under Chapter 11.",
        "CUPERTINO - Apple Inc. today announced that it has filed for protection from its creditors.",
    ]


def test_a_filing_whose_text_can_t_be_had_waits_for_two_polls_and_is_delivered_without_it(
    server: EdgarServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.submissions[server.file("8-K", APPLE, items=("Item 7.01: Regulation FD Disclosure",))] = SUBMISSION
    server.text_status = 503
    [found] = documents(read(open_source(server, tmp_path, text=True)))
    assert found.text == "Item 7.01: Regulation FD Disclosure"
    assert sum(path.endswith(".txt") for path, _ in server.requests) == 3
    assert "without its text" in caplog.text


def test_filings_before_one_whose_text_can_t_be_had_are_delivered(server: EdgarServer, tmp_path: Path) -> None:
    filed = [server.file("8-K", APPLE, items=(f"Item {number}.01: {number}",), age_seconds=60) for number in (1, 2, 7)]
    server.text_statuses[filed[1]] = 503
    found = documents(read(open_source(server, tmp_path, text=True), batches=2))
    assert [document.text for document in found] == ["Item 1.01: 1", "Item 2.01: 2", "Item 7.01: 7"]
    assert documents(read(open_source(server, tmp_path, text=True))) == []


def test_a_refused_text_is_waited_out_and_nothing_is_delivered_without_it(server: EdgarServer, tmp_path: Path) -> None:
    server.submissions[server.file("8-K", APPLE, items=("Item 1.03: Bankruptcy or Receivership",))] = SUBMISSION
    server.text_status = 429
    clock = ManualClock(NOW)

    def unblock(seconds: float) -> None:
        clock.advance(seconds)
        server.text_status = 200 if clock.now() > NOW + timedelta(minutes=10) else 429

    clock.sleep = unblock  # type: ignore[method-assign]
    [found] = documents(read(open_source(server, tmp_path, clock, text=True)))
    assert "voluntary petition" in found.text


def test_filings_of_a_rare_form_that_stay_listed_for_weeks_come_once(server: EdgarServer, tmp_path: Path) -> None:
    server.file("25-NSE", APPLE, age_seconds=20 * 86_400)
    server.file("25-NSE", APPLE, age_seconds=9 * 86_400)
    server.file("8-K", APPLE)
    source = open_source(server, tmp_path, forms=["25-NSE", "8-K"])
    assert len(documents(read(source, batches=6))) == 3
    assert documents(read(open_source(server, tmp_path, forms=["25-NSE", "8-K"]), batches=4)) == []


def test_a_filing_that_is_listed_for_each_party_is_one_document_also_across_pages(server: EdgarServer, tmp_path: Path) -> None:
    server.file("4", ("A first one", "0000000008", "Issuer"), age_seconds=7_200)
    read(open_source(server, tmp_path, forms=["4"]))
    server.file("4", ("DOE JANE", "0001071287", "Reporting"), (*APPLE[:2], "Issuer"))
    for number in range(99):
        server.file("4", (f"Filer {number}", f"{number + 10:010d}", "Issuer"))
    found = documents(read(open_source(server, tmp_path, forms=["4"])))
    assert len(found) == 100
    told = next(document for document in found if document.author == "Apple Inc.")
    assert (told.title, told.text) == ("Apple Inc.: trades of an insider (4)", "Reporting: DOE JANE")


def test_only_chosen_forms_and_companies_are_read(server: EdgarServer, tmp_path: Path) -> None:
    server.file("4", APPLE)
    server.file("424B2", ("BANK", "0000000009", "Filer"))
    server.file("4/A", APPLE)
    server.file("4", ("Another Corp", "0000000008", "Issuer"))
    found = documents(read(open_source(server, tmp_path, forms=["4"], companies=["0000320193"], amendments=False)))
    assert [document.author for document in found] == ["Apple Inc."]


def test_all_that_was_filed_since_the_last_poll_is_read_across_restarts(server: EdgarServer, tmp_path: Path) -> None:
    server.file("8-K", APPLE, age_seconds=7_200)
    assert len(read(open_source(server, tmp_path))) == 1
    for number in range(250):
        server.file("8-K", (f"Filer {number}", f"{number + 10:010d}", "Filer"), age_seconds=1_800)
    assert len(read(open_source(server, tmp_path))) == 250
    assert read(open_source(server, tmp_path)) == []


def test_more_than_edgar_lists_is_said_to_be_missing(
    server: EdgarServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edgar, "_MOST_PAGES", 2)  # EDGAR's are twenty
    server.file("8-K", APPLE, age_seconds=7_200)
    read(open_source(server, tmp_path))
    for number in range(250):
        server.file("8-K", (f"Filer {number}", f"{number + 10:010d}", "Filer"))
    source = open_source(server, tmp_path)
    assert len(read(source)) == 200
    assert source.gaps == 1
    assert "are missing since" in caplog.text


def test_a_refusal_is_waited_out_for_more_than_ten_minutes(server: EdgarServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server.file("8-K", APPLE)
    server.status = 403
    clock = ManualClock(NOW)
    waited: list[float] = []

    def unblock(seconds: float) -> None:
        clock.advance(seconds)
        waited.append(seconds)
        if sum(waited) > 600:
            server.status = 200

    clock.sleep = unblock  # type: ignore[method-assign]
    assert len(read(open_source(server, tmp_path, clock))) == 1
    assert len([path for path, _ in server.requests if "browse-edgar" in path]) == 2
    assert "the SEC refuses requests" in caplog.text


@pytest.mark.parametrize("agent", ["", "Mozilla/5.0", "desk@example.com", "Example Fund"])
def test_who_asks_must_be_said(agent: str) -> None:
    with pytest.raises(ValueError, match="a name and a mail address"):
        EdgarOptions.model_validate({"user_agent": agent})


class TestConformance(SourceConformance):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[SourceRig]:
        server = EdgarServer(SystemClock().now() - timedelta(minutes=1))
        names = [f"Company {number} Inc." for number in range(12)]
        for number, name in enumerate(names):
            server.file("8-K", (name, f"{number + 10:010d}", "Filer"))
        titles = [f"{name}: current report (8-K)" for name in names]
        yield TypeRig(EdgarType(), {"user_agent": AGENT, "url": server.url, "forms": ["8-K"]}, tmp_path, titles=titles)
        server.close()
