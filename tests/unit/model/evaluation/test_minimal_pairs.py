"""Pairs of texts that differ in little: what can be expected of them, and what a file of them must be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.model.evaluation.minimal_pairs import Expectation, MinimalPair, judge_pairs, read_pairs
from squall.model.serving.engine import ScoringEngine
from squall.model.tasks import DEFAULT_TASKS, EVENTS, MENTION_SENTIMENT, SEVERITY
from tests.support.engines import save_checkpoint, tiny_settings

PUBLISHED = Path(__file__).resolve().parents[4] / "model" / "labelled" / "minimal_pairs.jsonl"
TEXTS = ("gold rise on deal", "bank shares fall", "oil up", "OIL deal is off", "shares of the bank")


@pytest.fixture(scope="module")
def engine(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringEngine]:
    folder = save_checkpoint(
        tmp_path_factory.mktemp("pairs"), tiny_base, tasks=(*DEFAULT_TASKS, MENTION_SENTIMENT, SEVERITY, EVENTS), case=True
    )
    with ScoringEngine.open(tiny_settings(folder)) as engine:
        yield engine


def _pair(a: str, b: str, *expected: str) -> MinimalPair:
    return MinimalPair(f"{a}/{b}", "one", a, b, tuple(map(Expectation.parse, expected)))


def _file(folder: Path, *lines: object) -> Path:
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_published_pairs_are_600_or_more_over_30_phenomena_or_more() -> None:
    pairs = read_pairs(PUBLISHED)
    assert len(pairs) >= 600
    assert len({pair.phenomenon for pair in pairs}) >= 30
    assert len({(pair.a, pair.b) for pair in pairs}) == len(pairs)


def test_a_pair_and_the_same_pair_turned_round_never_both_pass(engine: ScoringEngine) -> None:
    for said in ("severity a > b", "tone a < b"):
        pairs = [_pair(a, b, said) for a in TEXTS for b in TEXTS]
        failed = {pair["id"] for pair in judge_pairs(engine, pairs)["failed"]}
        assert all(f"{a}/{a}" in failed for a in TEXTS)
        assert all({f"{a}/{b}", f"{b}/{a}"} & failed for a in TEXTS for b in TEXTS)


def test_the_graver_text_passes_and_is_counted(engine: ScoringEngine) -> None:
    severity = dict(zip(TEXTS, engine.read(TEXTS).numbers[SEVERITY.name].tolist(), strict=True))
    pairs = [_pair(a, b, "severity a > b") for a in TEXTS for b in TEXTS]
    passing = [pair for pair in pairs if severity[pair.a] > severity[pair.b] + 0.05]
    found = judge_pairs(engine, pairs)
    assert found["passed"] == pytest.approx(len(passing) / len(pairs))
    assert found["phenomena"] == {"one": {"pairs": len(pairs), "passed": found["passed"]}}
    assert found["interval"][0] <= found["passed"] <= found["interval"][1]


def test_of_two_names_one_at_most_has_the_more_negative_tone(engine: ScoringEngine) -> None:
    text = "gold rise as bank shares fall"
    first = _pair(text, "", 'mention a "gold" < "bank"')
    second = _pair(text, "x", 'mention a "bank" < "gold"')
    assert len(judge_pairs(engine, [first, second])["failed"]) == 1


def test_a_checkpoint_without_severity_is_told(tiny_base: Path, tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, tiny_base, tasks=DEFAULT_TASKS)
    with ScoringEngine.open(tiny_settings(folder)) as engine, pytest.raises(ConfigurationError, match="severity"):
        judge_pairs(engine, [_pair("a", "b", "severity a > b")])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ([1], "no object"),
        ({"id": "1", "phenomenon": "x", "a": "a", "b": "b"}, "'expect'"),
        ({"id": "1", "phenomenon": "x", "a": "a", "b": "b", "expect": "worse"}, "no expectation"),
        ({"id": "1", "phenomenon": "x", "a": "a", "b": "b", "expect": "event a: flood"}, "no event"),
        ({"id": "1", "phenomenon": "x", "a": "a", "b": "b", "expect": 'mention a "Acme" < "a"'}, "does not name 'Acme'"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: object, problem: str) -> None:
    path = _file(tmp_path, {"id": "1", "phenomenon": "x", "a": "a", "b": "b", "expect": "tone a < b"}, line)
    with pytest.raises(ConfigurationError, match=rf"line 2: .*{problem}"):
        read_pairs(path)


def test_a_file_without_pairs_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no pairs"):
        read_pairs(_file(tmp_path))


@given(st.text(max_size=60))
def test_any_other_words_are_no_expectation_and_raise_nothing_else(said: str) -> None:
    if said not in {"severity a > b", "tone a < b"} and said.split(" ")[0] not in {"label", "event", "mention"}:
        with pytest.raises(ValueError, match="no expectation"):
            Expectation.parse(said)
