import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.headline_groups import group_headlines

HALTS = "Harbor Union halts withdrawals as depositors queue"


@pytest.mark.parametrize(
    "again",
    [
        HALTS,
        f"UPDATE 1-{HALTS}",
        f"RT @desk: {HALTS}",
        "Harbor Union halts withdrawals as depositors queue in rain",
        "HARBOR UNION HALTS WITHDRAWALS, DEPOSITORS QUEUE",
    ],
)
def test_near_copies_are_one_story(again):
    assert group_headlines([HALTS, again]) == [[0, 1]]


@pytest.mark.parametrize(
    "other",
    [
        "Rating agency cuts Harbor Union to junk",
        "Oil prices climb on supply cut",
        "",
    ],
)
def test_another_event_is_another_story(other):
    assert group_headlines([HALTS, other]) == [[0], [1]]


def test_the_sign_of_a_number_is_a_word():
    assert group_headlines(["Apple +3.2%", "Apple -3.2%"]) == [[0], [1]]


@given(st.lists(st.text(max_size=60), max_size=30))
def test_every_headline_is_in_one_group_in_order(titles):
    groups = group_headlines(titles)
    assert sorted(place for group in groups for place in group) == list(range(len(titles)))
    assert all(group == sorted(group) for group in groups)
    assert [group[0] for group in groups] == sorted(group[0] for group in groups)
    same = group_headlines([HALTS, *titles, HALTS])
    assert next(group for group in same if group[0] == 0)[-1] == len(titles) + 1
