"""What of the detector of names survives a restart: the state, and histories that depend on the documents alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.alerts.detection.names.history import NameHistory, Said, Title
from squall.alerts.detection.names.watch import NameWatch
from squall.alerts.names.budget import LEARNT_DAYS, Budget
from squall.alerts.names.lifecycle import NameAlerts
from squall.alerts.names.state import NamesState, dump, load, short_id
from squall.core.gravity.levels import level_of
from tests.unit.alerts.test_alerts_names import DAY, FIRST, stream

PER_DAY = 4.0


def watching():
    return NameWatch(lambda entity: 3, FIRST)


def fresh(state=None):
    return NameAlerts(PER_DAY, FIRST, DAY, state)


def restarted(alerts):
    """Return the alerts as a process has them that read the stored state."""
    return fresh(load(dump(NamesState(FIRST, alerts.state, {}))).alerts)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_alerts_that_go_on_from_the_stored_state_at_any_reading_change_alike(seed):
    readings = list(watching().read(stream(25, seed)))
    whole, parts = fresh(), fresh()
    cuts = set(np.random.default_rng(seed).integers(0, len(readings), 30).tolist())
    told = lambda changes: [(c.change, c.minute, c.alert.name, c.alert.opened, c.alert.peak.score, c.alert.fired) for c in changes]  # noqa: E731
    for place, reading in enumerate(readings):
        if place in cuts:
            parts = restarted(parts)
        assert told(parts.advance([reading])) == told(whole.advance([reading]))
    assert dump(NamesState(FIRST, parts.state, {})) == dump(NamesState(FIRST, whole.state, {}))
    assert any(alert.fired for alert in whole.open)


def test_the_state_comes_back_as_it_was():
    alerts = fresh()
    alerts.advance(watching().read(stream(12, 7)))
    judged = {short_id("a" * 32): FIRST, short_id("b" * 32): FIRST, short_id("c" * 32): FIRST + 1}
    stored = dump(NamesState(FIRST, alerts.state, judged))
    found = load(stored)
    assert dump(found) == stored
    assert (found.known_since, found.judged) == (FIRST, judged)


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 20)), max_size=400), st.floats(0.2, 3))
@settings(max_examples=30, deadline=None)
def test_a_budget_that_forgets_what_cannot_count_any_more_gives_the_same_limits(ended, per_day):
    whole, kept, minute = Budget(per_day, FIRST), Budget(per_day, FIRST), FIRST
    for pause, score in ended:
        minute += pause * 60
        for budget in (whole, kept):
            budget.add(minute, score)
        kept = Budget(per_day, 0, kept.state)
        assert kept.limit(minute, ()) == whole.limit(minute, ())


def test_what_a_budget_stores_is_bounded_by_it():
    budget = Budget(PER_DAY, FIRST)
    for minute, score in enumerate(np.random.default_rng(1).uniform(4, 20, 20_000)):
        budget.add(FIRST + minute, float(score))
    assert len(budget.state.ended) < 10 * LEARNT_DAYS * PER_DAY


WORDS = ("bank", "fails", "halts", "run", "court", "fraud", "blast", "mine")


@given(
    st.lists(
        st.tuples(st.integers(0, 4 * DAY), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), st.floats(0, 1)),
        max_size=40,
        unique_by=lambda row: row[0],
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=40, deadline=None)
def test_a_history_depends_on_the_documents_and_not_on_the_order_in_which_they_come(rows, random):
    def history(chosen):
        found = NameHistory()
        for minute, words, severity in chosen:
            ms = (FIRST + minute) * 60_000
            found.add(Said(ms, f"{minute}", Title(" ".join(words)), severity, 0.5, (), level_of(severity, 0.5)))
        found.forget_before(FIRST + max((minute for minute, _, _ in chosen), default=0) - 2160)
        return [(said.document, said.novelty) for said in found.recent], found.past(FIRST + 6 * DAY, 56)

    rows.sort()
    late = rows[:]
    for place in range(len(late) - 1):  # neighbours change places: late by less than what is remembered
        if random.random() < 0.4 and late[place + 1][0] - late[place][0] < 300:
            late[place], late[place + 1] = late[place + 1], late[place]
    assert history(late) == history(rows)
