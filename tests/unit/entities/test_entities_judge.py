"""What judges linkers, judged itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.support import entities_judge as judge
from tests.support.entities_judge import Finding, Rate
from tests.support.entities_truth import AboutText, AmbiguousName, FreeName, NameInText

APPLE = AmbiguousName("1", "Apple cuts prices", "Apple", 0, 5, True, ("Apple",), (), ("AAPL",))
FRUIT = AmbiguousName("2", "Apple growers cut prices", "Apple", 0, 5, False, (), (), ())
GARDEN = AmbiguousName("3", "Madison Square Garden sold", "Square", 8, 14, False, (), ("Madison Square Garden Sports",), ("MSGS",))
RATED = AboutText(
    "4",
    "Goldman cuts Valeant",
    (
        NameInText("Goldman", "company", "rater", "", ((0, 7),)),
        NameInText("Valeant", "company", "subject", "", ((13, 20),)),
    ),
)
MIXED = AboutText(
    "5",
    "AMD up, Intel down",
    (NameInText("AMD", "company", "subject", "positive", ((0, 3),)), NameInText("Intel", "company", "subject", "negative", ((8, 13),))),
)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"), [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)]
)
def test_the_interval_is_that_of_wilson(hits: int, trials: int, low: float, high: float) -> None:
    assert Rate(hits, trials).interval == pytest.approx((low, high), abs=5e-5)


def test_a_linker_that_is_right_has_precision_and_recall_of_one() -> None:
    apple = Finding(0, 5, "Apple Inc.", ("AAPL",))
    rates = judge.judge_ambiguous([APPLE, FRUIT, GARDEN], [[apple], [], []]).rates
    assert (rates["precision"], rates["recall"]) == (Rate(1, 1), Rate(1, 1))


def test_the_fruit_that_was_taken_for_the_company_costs_precision() -> None:
    apple = Finding(0, 5, "Apple Inc.", ("AAPL",))
    verdict = judge.judge_ambiguous([APPLE, FRUIT], [[apple], [apple]])
    assert (verdict.rates["precision"], verdict.rates["recall"]) == (Rate(1, 2), Rate(1, 1))
    assert verdict.errors == ["2: [Apple] growers cut prices was taken for Apple Inc."]


def test_another_company_of_that_name_is_wrong_and_the_right_one_missing() -> None:
    rates = judge.judge_ambiguous([APPLE], [[Finding(0, 5, "Apple Hospitality REIT", ("APLE",))]]).rates
    assert (rates["precision"], rates["recall"]) == (Rate(0, 1), Rate(0, 1))


def test_a_linker_that_finds_nothing_has_no_precision_and_no_recall() -> None:
    rates = judge.judge_ambiguous([APPLE, FRUIT], [[], []]).rates
    assert (rates["precision"], rates["recall"]) == (Rate(0, 0), Rate(0, 1))


def test_the_longer_name_around_a_word_is_neither_right_nor_wrong() -> None:
    rates = judge.judge_ambiguous([GARDEN], [[Finding(0, 21, "Madison Square Garden")]]).rates
    assert rates["precision"] == Rate(0, 0)
    assert judge.judge_ambiguous([GARDEN], [[Finding(8, 14, "Block, Inc.", ("XYZ",))]]).rates["precision"] == Rate(0, 1)


@pytest.mark.parametrize(("name", "wrong"), [("Apple growers", 0), ("apple", 1)])
def test_a_found_name_is_wrong_only_if_it_is_the_word_by_itself(name: str, wrong: int) -> None:
    found = judge.found({"start": 0, "end": len(name), "name": name, "entity": f"found:{name.lower().replace(' ', '-')}"})
    assert judge.judge_ambiguous([FRUIT], [[found]]).rates["precision"].trials == wrong


@pytest.mark.parametrize("kind", ["place", "person", "country"])
def test_what_is_no_organisation_is_not_counted_against_a_word(kind: str) -> None:
    assert judge.judge_ambiguous([FRUIT], [[Finding(0, 5, "Apple", kind=kind)]]).rates["precision"].trials == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Apple", "APPLE INC.", True),
        ("The Gap, Inc.", "Gap", True),
        ("Guess?, Inc.", "Guess", True),
        ("Total S.A.", "Total", True),
        ("Campbell's", "Campbell", True),
        ("Sun Pharmaceutical", "Sun Pharmaceutical Industries Limited", True),
        ("Telefonica", "Telefónica, S.A.", True),
        ("Apple", "Apple Hospitality REIT", False),
        ("Chase Corporation", "JPMorgan Chase & Co.", False),
        ("Delta Corp", "Delta Air Lines", False),
        ("", "", False),
    ],
)
def test_names_are_compared_without_legal_forms(one: str, other: str, same: bool) -> None:
    assert judge.same_name(one, other) is same
    assert judge.same_name(other, one) is same


def test_a_rater_taken_as_the_subject_costs_precision_and_not_recall() -> None:
    goldman, valeant = Finding(0, 7, "Goldman Sachs"), Finding(13, 20, "Valeant")
    both, one = judge.judge_subjects([RATED], [[goldman, valeant]]).rates, judge.judge_subjects([RATED], [[valeant]]).rates
    assert (both["subjects"], both["precision"], both["left out: rater"]) == (Rate(1, 1), Rate(1, 2), Rate(0, 1))
    assert (one["subjects"], one["precision"], one["left out: rater"]) == (Rate(1, 1), Rate(1, 1), Rate(1, 1))


def test_a_finding_where_no_name_stands_is_counted() -> None:
    verdict = judge.judge_subjects([RATED], [[Finding(8, 12, "Cuts Inc."), Finding(13, 20, "Valeant")]])
    assert verdict.rates["named"] == Rate(1, 2)
    assert verdict.errors[0].startswith("4: Cuts Inc. (company) is no name that was labelled")


def test_each_tone_is_judged_towards_its_own_name() -> None:
    findings = [Finding(0, 3, "AMD", tone="positive"), Finding(8, 13, "Intel", tone="positive")]
    rates = judge.judge_tones([MIXED], [judge.tones_found(MIXED, findings)]).rates
    assert (rates["accuracy"], rates["negative"], rates["positive"]) == (Rate(1, 2), Rate(0, 1), Rate(1, 1))


def test_a_name_that_was_not_found_has_no_right_tone() -> None:
    assert judge.tones_found(MIXED, []) == ["", ""]
    assert judge.judge_tones([MIXED], [["", ""]]).rates["accuracy"] == Rate(0, 2)


def test_half_a_name_is_found_but_not_exact() -> None:
    truth = FreeName("6", "Bear Stearns falls", "Bear Stearns", 0, 12, False)
    rates = judge.judge_free_names([truth], [[(5, 12)]]).rates
    assert (rates["found"], rates["exact"]) == (Rate(1, 1), Rate(0, 1))
    assert judge.judge_free_names([truth], [[(0, 12)]]).rates["exact"] == Rate(1, 1)
    assert judge.judge_free_names([truth], [[(13, 18)]]).rates["found"] == Rate(0, 1)


def test_a_finding_is_read_from_json_and_from_a_link() -> None:
    body = {"start": 0, "end": 5, "name": "Apple", "symbols": ["AAPL"], "entity": "company:apple-inc"}
    expected = Finding(0, 5, "Apple", ("AAPL",), "company", "negative")
    assert judge.found(body | {"p_negative": 0.6, "p_neutral": 0.3, "p_positive": 0.1}) == expected
    assert judge.found(SimpleNamespace(**body, kind="company", role="subject")) == expected._replace(tone="")


def test_a_finding_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="has no start and end"):
        judge.found({"name": "Apple"})
