from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from squall.alerts.watermark import watermark
from squall.core.items import Progress

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
IDLE, SETTLE = timedelta(seconds=10), timedelta(minutes=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def row(partition=0, event=NOW - timedelta(hours=5), caught_up=False, age=1.0):
    return Progress("documents", partition, 10, event, caught_up, NOW - timedelta(seconds=age))


def test_nothing_known_gives_no_watermark():
    assert watermark([], NOW, IDLE, SETTLE) is None


def test_the_slowest_partition_holds_the_watermark_back():
    slow = NOW - timedelta(hours=9)
    assert watermark([row(0), row(1, event=slow)], NOW, IDLE, SETTLE) == slow - SETTLE


def test_a_read_up_silent_partition_holds_nothing_back():
    event = NOW - timedelta(hours=5)
    rows = [row(0, event=event), row(1, event=NOW - timedelta(days=3), caught_up=True, age=11)]
    assert watermark(rows, NOW, IDLE, SETTLE) == event - SETTLE


def test_a_read_up_silent_partition_holds_nothing_back_after_the_clock_was_set_back_an_hour():
    event = NOW - timedelta(hours=5)
    rows = [row(0, event=event), row(1, event=NOW - timedelta(days=3), caught_up=True, age=-3600)]
    assert watermark(rows, NOW, IDLE, SETTLE) == event - SETTLE


def test_a_read_up_partition_that_just_spoke_still_holds_back():
    slow = NOW - timedelta(days=3)
    assert watermark([row(0), row(1, event=slow, caught_up=True, age=9)], NOW, IDLE, SETTLE) == slow - SETTLE


def test_a_partition_behind_but_silent_holds_back_for_as_long_as_it_takes():
    slow = NOW - timedelta(days=3)
    assert watermark([row(0), row(1, event=slow, caught_up=False, age=7200)], NOW, IDLE, SETTLE) == slow - SETTLE


def test_event_time_goes_on_at_wall_pace_when_everything_is_read_and_quiet():
    newest = NOW - timedelta(hours=5)
    rows = [row(0, event=newest, caught_up=True, age=60), row(1, event=newest - timedelta(hours=1), caught_up=True, age=30)]
    assert watermark(rows, NOW, IDLE, SETTLE) == newest + timedelta(seconds=30) - SETTLE


def test_an_unread_partition_of_which_nothing_is_stored_gives_no_watermark():
    assert watermark([row(0), row(1, event=EPOCH)], NOW, IDLE, SETTLE) is None


def test_an_empty_partition_that_is_read_up_and_quiet_holds_nothing_back():
    event = NOW - timedelta(hours=5)
    assert watermark([row(0, event=event), row(1, event=EPOCH, caught_up=True, age=60)], NOW, IDLE, SETTLE) == event - SETTLE


def test_a_stream_of_nothing_but_empty_partitions_gives_no_watermark():
    assert watermark([row(0, event=EPOCH, caught_up=True, age=60)], NOW, IDLE, SETTLE) is None


@given(
    st.lists(
        st.tuples(st.integers(-10_000, 600), st.booleans(), st.floats(0, 1000)),
        min_size=1,
        max_size=5,
    )
)
def test_the_watermark_is_never_ahead_of_the_wall_clock(rows):
    made = [row(i, event=NOW + timedelta(minutes=minutes), caught_up=up, age=age) for i, (minutes, up, age) in enumerate(rows)]
    found = watermark(made, NOW, IDLE, SETTLE)
    assert found is None or found <= NOW
