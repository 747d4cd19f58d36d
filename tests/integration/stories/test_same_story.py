"""Labelled pairs of headlines through the index: the goal for stories, on pairs that nothing was tuned on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stories_judge import catalogue_names, judge, report
from tests.support.stories_truth import labelled_pairs

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
LEAST_F1 = 0.80
LEAST_PER_SECOND = 1_500
"""Of processor time on a busy core of CI; docs/stories.md has what an idle one does."""


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_pairs_that_judge_are_put_into_one_story_where_they_should_be() -> None:
    pairs = [pair for pair in labelled_pairs() if pair.judging]
    if not all((DATA / pair.file).exists() for pair in pairs):
        pytest.skip(f"the headlines of the labelled pairs are not in {DATA}")
    reported = report(judge(pairs, DATA, catalogue_names()))
    assert reported["f1"]["value"] >= LEAST_F1, reported
    assert reported["documents_per_second"] >= LEAST_PER_SECOND, reported


def test_half_of_the_pairs_judge_and_no_month_is_in_both_halves() -> None:
    pairs = labelled_pairs()
    assert (len(pairs), sum(pair.judging for pair in pairs)) == (1_000, 500)
    assert {pair.file for pair in pairs if pair.judging}.isdisjoint(pair.file for pair in pairs if not pair.judging)
    assert len({(pair.file, row) for pair in pairs for row in pair.rows}) == 2_000
