"""The bundled stream is the same on every machine and contains what its script lists."""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
import threading
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from squall.core.clock import ManualClock
from squall.core.errors import InvalidRecordError
from squall.core.records import SENTIMENTS, TOPICS, Document
from squall.core.text import fingerprint
from squall.ingest.documents import Defaults, build_document
from squall.ingest.file.source import FileSource
from squall.ingest.synthetic.faults import FAULTS
from squall.ingest.synthetic.phrases import load_phrases
from squall.ingest.synthetic.stream import DAYS, START, StreamScript, SyntheticRecord, describe, generate, script_path, write_stream

pytestmark = pytest.mark.slow

SYMBOLS = Path(__file__).parents[4] / "shared" / "data" / "sp500_companies" / "constituents.csv"
COLLECTED = datetime(2026, 1, 1, tzinfo=UTC)
GIANTS = {
    "apple",
    "microsoft",
    "amazon",
    "alphabet",
    "google",
    "facebook",
    "netflix",
    "nvidia",
    "tesla",
    "boeing",
    "citigroup",
    "jpmorgan",
    "goldman",
    "barclays",
    "hsbc",
    "exxon",
    "chevron",
    "pfizer",
    "moderna",
    "walmart",
    "disney",
    "twitter",
    "toyota",
    "samsung",
    "sony",
    "siemens",
    "nestle",
    "unilever",
    "reuters",
    "bloomberg",
    "cnbc",
    "moody's",
    "fitch",
    "robinhood",
}


@pytest.fixture(scope="module")
def records() -> list[SyntheticRecord]:
    return list(generate(seed=7))


@pytest.fixture(scope="module")
def documents(records: list[SyntheticRecord]) -> list[SyntheticRecord]:
    return [record for record in records if record.expected == "document"]


@pytest.fixture(scope="module")
def script(records: list[SyntheticRecord]) -> StreamScript:
    return describe(records, seed=7)


def read(line: bytes) -> Document:
    """Read a line as the file source does."""
    try:
        fields = orjson.loads(line.decode())
    except UnicodeDecodeError as error:
        raise InvalidRecordError("broken_encoding", str(error)) from error
    except orjson.JSONDecodeError as error:
        raise InvalidRecordError("broken_json", str(error)) from error
    if not isinstance(fields, dict):
        raise InvalidRecordError("not_an_object", type(fields).__name__)
    return build_document(fields, Defaults(), COLLECTED)


def digest(seed: int) -> str:
    return hashlib.sha256(b"\n".join(record.line for record in generate(seed))).hexdigest()


def test_the_same_seed_gives_the_same_bytes(records: list[SyntheticRecord]) -> None:
    assert digest(7) == hashlib.sha256(b"\n".join(record.line for record in records)).hexdigest()


def test_another_seed_gives_other_bytes_and_other_ids(records: list[SyntheticRecord]) -> None:
    other = list(generate(seed=8))
    assert not {record.id for record in other} & {record.id for record in records}


@pytest.mark.parametrize("name", ["stream.jsonl", "stream.jsonl.gz"])
def test_a_written_stream_is_the_same_file_twice_and_has_its_script(tmp_path: Path, name: str) -> None:
    first, second = tmp_path / "a" / name, tmp_path / "b" / name
    script = write_stream(first, seed=3)
    assert write_stream(second, seed=3) == script
    assert first.read_bytes() == second.read_bytes()
    payload = gzip.decompress(first.read_bytes()) if name.endswith("gz") else first.read_bytes()
    written = orjson.loads(script_path(first).read_bytes())
    assert payload.count(b"\n") == written["lines"] == written["documents"] + written["redeliveries"] + written["malformed"]
    assert written["crisis"]["start"] == "2025-03-05T13:00:00Z"


def test_records_come_in_the_order_they_are_sent(records: list[SyntheticRecord]) -> None:
    times = [record.sent_at for record in records]
    assert times == sorted(times)
    assert times[0] >= START
    assert times[-1] < START + timedelta(days=DAYS)


def test_no_document_is_sent_before_it_is_published_nor_out_of_turn(records: list[SyntheticRecord]) -> None:
    assert all(record.published_at == record.sent_at for record in records if record.expected != "redelivery")
    assert all(timedelta() <= r.sent_at - r.published_at <= timedelta(minutes=20) for r in records if r.expected == "redelivery")


def test_at_least_eight_thousand_distinct_documents(documents: list[SyntheticRecord], script: StreamScript) -> None:
    built = {read(record.line).id for record in documents}
    assert len(built) == len(documents) == script.documents >= 8_000


def test_every_good_line_becomes_the_document_it_was_meant_to_be(documents: list[SyntheticRecord]) -> None:
    for record in documents:
        document = read(record.line)
        assert abs(document.published_at - record.published_at) < timedelta(milliseconds=2)
        assert document.content


def test_all_topics_and_moods_news_and_posts_are_there(documents: list[SyntheticRecord]) -> None:
    topics = Counter(record.intended_topic for record in documents if record.part == "ordinary")
    assert set(topics) == set(TOPICS)
    assert min(topics.values()) >= 90
    moods = Counter(record.intended_sentiment for record in documents if record.part == "ordinary")
    assert set(moods) == set(SENTIMENTS)
    assert 0.10 < moods["negative"] / moods.total() < 0.20
    assert moods["neutral"] / moods.total() > 0.6
    kinds = Counter(orjson.loads(record.line)["kind"] for record in documents)
    assert min(kinds["news"], kinds["social"]) > 0.3 * kinds.total()


def test_working_hours_are_more_than_three_times_as_busy_as_the_night(documents: list[SyntheticRecord]) -> None:
    hours = Counter(record.published_at.hour for record in documents if record.part == "ordinary")
    day = sum(hours[hour] for hour in range(8, 18)) / 10
    night = sum(hours[hour % 24] for hour in range(22, 29)) / 7
    assert day > 3 * night > 0


def test_hundreds_of_redeliveries_repeat_a_line_byte_for_byte(records: list[SyntheticRecord], documents: list[SyntheticRecord]) -> None:
    lines = {record.id: record.line for record in documents}
    again = [record for record in records if record.expected == "redelivery"]
    assert 200 <= len(again) <= 500
    assert all(lines[record.id] == record.line for record in again)


def test_copies_share_the_fingerprint_of_their_story_and_nothing_else_does(documents: list[SyntheticRecord]) -> None:
    stories: defaultdict[int, set[int]] = defaultdict(set)
    for record in documents:
        stories[record.story].add(fingerprint(read(record.line).gist))
    assert all(len(marks) == 1 for marks in stories.values())
    assert len(set.union(*stories.values())) == len(stories)
    copies = len(documents) - len(stories)
    assert 600 <= copies <= 2_500


def test_copies_carry_wire_prefixes_agency_suffixes_and_other_case(documents: list[SyntheticRecord]) -> None:
    titles = [str(orjson.loads(record.line)["title"]) for record in documents]
    assert sum(title.startswith(("UPDATE 1-", "RPT-", "CORRECTED-")) for title in titles) > 50
    assert sum(title.endswith(" - Meridian Wire") for title in titles) > 5
    assert sum(title.isupper() for title in titles) > 50
    assert sum(str(orjson.loads(record.line)["text"]).startswith("RT @") for record in documents) > 100


def test_each_malformed_line_is_refused_for_the_expected_reason(records: list[SyntheticRecord]) -> None:
    bad = [record for record in records if record.expected == "malformed"]
    assert len(bad) == 2 * FAULTS >= 40
    for record in bad:
        assert b"\n" not in record.line
        with pytest.raises(InvalidRecordError) as caught:
            read(record.line)
        assert caught.value.reason == record.reason, record.line[:200]


def test_the_file_source_reads_what_the_script_says(tmp_path: Path) -> None:
    script = write_stream(tmp_path / "stream.jsonl.gz")
    source = FileSource(tmp_path / "stream.jsonl.gz", ManualClock(COLLECTED))
    items = [item for batch in source.batches(threading.Event()) for item in batch.items]
    source.close()
    found = Counter(item.document.id for item in items if item.document)
    assert len(items) == script.lines
    assert len(found) == script.documents
    assert found.total() - len(found) == script.redeliveries
    assert Counter(item.rejection.reason for item in items if item.rejection) == script.rejections


def test_noise_holds_other_languages_emoji_and_texts_beyond_the_limit(documents: list[SyntheticRecord]) -> None:
    noise = [orjson.loads(record.line) for record in documents if record.part == "noise"]
    assert len({fields["language"] for fields in noise}) >= 8
    assert any(len(fields["text"]) > 20_000 for fields in noise)
    assert sum(not re.search(r"[a-z]", fields["text"]) for fields in noise) > 20
    assert len(noise) > 200


def test_the_crisis_rises_peaks_and_eases_within_its_hours(documents: list[SyntheticRecord], script: StreamScript) -> None:
    crisis = [record for record in documents if record.part == "crisis"]
    quarters = Counter(int((record.published_at - script.crisis.start) / timedelta(hours=1)) for record in crisis)
    assert quarters[0] < quarters[1] > quarters[3]
    assert len({record.story for record in crisis}) >= 300
    assert all(record.intended_sentiment == "negative" for record in crisis)
    lines = [record.line.decode() for record in crisis]
    assert sum("Harbor Union" in line or "HUBK" in line or "HARBOR UNION" in line for line in lines) == len(crisis)


def test_the_surge_is_about_five_times_the_usual_volume_and_has_no_mood(documents: list[SyntheticRecord], script: StreamScript) -> None:
    surge = script.surge

    def volume(shift: timedelta, part: str) -> int:
        return sum(
            record.part == part and record.intended_topic in surge.topics and surge.start <= record.published_at + shift < surge.end
            for record in documents
        )

    usual = (volume(timedelta(days=1), "ordinary") + volume(-timedelta(days=1), "ordinary")) / 2
    ratio = 1 + volume(timedelta(), "surge") / usual
    assert 4 < ratio < 7
    assert {record.intended_sentiment for record in documents if record.part == "surge"} == {"neutral"}


def test_headlines_are_varied(documents: list[SyntheticRecord]) -> None:
    """Without names and numbers, few originals look alike."""
    shapes = Counter(re.sub(r"[\d.,]+|\$\w+", "#", read(record.line).content)[:60] for record in {r.story: r for r in documents}.values())
    assert sum(count for count in shapes.values() if count > 3) < 0.08 * shapes.total()


def test_no_real_company_is_named(documents: list[SyntheticRecord]) -> None:
    text = b"\n".join(record.line for record in documents).decode().lower()
    words = set(re.findall(r"[a-z']+", text))
    assert not words & GIANTS


def test_no_ticker_is_a_real_one() -> None:
    if not SYMBOLS.exists():
        pytest.skip(f"{SYMBOLS} is not on this machine")
    with SYMBOLS.open(encoding="utf-8") as file:
        real = {row["Symbol"] for row in csv.DictReader(file)}
    phrases = load_phrases()
    ours = [company.ticker for company in (*phrases.companies, phrases.crisis_bank)]
    assert len(ours) == len(set(ours))
    assert not real & set(ours)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_seed_keeps_the_promises_about_copies_and_faults(seed: int) -> None:
    stories: defaultdict[int, set[int]] = defaultdict(set)
    for record in generate(seed):
        if record.expected == "malformed":
            with pytest.raises(InvalidRecordError, match=f"^{record.reason}"):
                read(record.line)
        else:
            stories[record.story].add(fingerprint(read(record.line).gist))
    assert all(len(marks) == 1 for marks in stories.values())
    assert len(set.union(*stories.values())) == len(stories)
