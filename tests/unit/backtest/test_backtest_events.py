from datetime import UTC, datetime

import pytest

from squall.backtest.history.events import Event, load_events
from squall.core.errors import ConfigurationError
from squall.core.records import TOPICS

HEADER = "start,end,name,topics\n"


def load(tmp_path, text):
    path = tmp_path / "events.csv"
    path.write_text(text, encoding="utf-8")
    return load_events(path, TOPICS)


def test_events_are_read_in_order_of_their_start(tmp_path):
    events = load(
        tmp_path,
        HEADER + '2011-08-18T09:00Z,2011-08-19T17:00:00+02:00,"Bank stress, again",\n'
        "2011-08-05,2011-08-10T20:00Z,Downgrade,Markets; Energy | Oil\n",
    )
    assert events == [
        Event(datetime(2011, 8, 5, tzinfo=UTC), datetime(2011, 8, 10, 20, tzinfo=UTC), "Downgrade", ("Markets", "Energy | Oil")),
        Event(datetime(2011, 8, 18, 9, tzinfo=UTC), datetime(2011, 8, 19, 15, tzinfo=UTC), "Bank stress, again"),
    ]


def test_a_day_without_a_time_lasts_to_its_end(tmp_path):
    (event,) = load(tmp_path, HEADER + "2011-08-05,2011-08-05,One day,\n")
    assert event.start == datetime(2011, 8, 5, tzinfo=UTC)
    assert event.end == datetime(2011, 8, 5, 23, 59, 59, 999000, tzinfo=UTC)


def test_symbols_sectors_and_the_market_are_names_of_series(tmp_path):
    (event,) = load(tmp_path, HEADER + "2011-08-05,2011-08-06,x,$BAC; Sector: Energy; All topics\n")
    assert event.topics == ("$BAC", "Sector: Energy", "All topics")


def test_a_byte_order_mark_and_blank_lines_are_no_matter(tmp_path):
    assert len(load(tmp_path, "\ufeff" + HEADER + "\n2011-08-05,2011-08-06,x,\n,,,\n")) == 1


def test_topics_may_be_missing_and_other_columns_are_ignored(tmp_path):
    events = load(tmp_path, "id,start,end,name,kind\n1,2011-08-05,2011-08-06,x,company\n")
    assert [(event.name, event.topics) for event in events] == [("x", ())]


def test_whom_an_event_is_about_is_read_from_the_columns_entity_aliases_and_ticker(tmp_path):
    header = "id,start,end,name,entity,aliases,ticker\n"
    (event,) = load(tmp_path, header + "1,2011-08-05,2011-08-06,x,Wal-Mart,Walmart; Wal-Mart ;Walmex,WMT\n")
    assert event.names == ("Wal-Mart", "Walmart", "Walmex", "WMT")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("2011-08-05,2011-08-06,x,Market\n", "line 2: 'Market' is not a topic.*did you mean 'Markets'"),
        ("2011-08-05,2011-08-06,x,\n2011-08-07,2011-08-06T12:00Z,y,\n", "line 3: y ends"),
        ("yesterday,2011-08-06,x,\n", "line 2: start:"),
        ("2011-08-05,2011-02-30,x,\n", "line 2: end:"),
        ("2011-08-05,,x,\n", "line 2: end:"),
        ("2011-08-05,2011-08-06,,\n", "line 2: the event has no name"),
        ("2011-08-05,2011-08-06,x,Markets,Macro\n", "line 2: more cells than columns"),
    ],
)
def test_a_bad_row_is_named_with_what_to_do(tmp_path, rows, message):
    with pytest.raises(ConfigurationError, match=message):
        load(tmp_path, HEADER + rows)


def test_missing_columns_and_unreadable_files_are_errors(tmp_path):
    with pytest.raises(ConfigurationError, match="no column end"):
        load(tmp_path, "start,name\n2011-08-05,x\n")
    with pytest.raises(ConfigurationError, match="no column start"):
        load(tmp_path, "")
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_events(tmp_path / "nothing.csv", TOPICS)
    (tmp_path / "binary.csv").write_bytes(b"start,end,name,topics\n\xff\xfe\n")
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_events(tmp_path / "binary.csv", TOPICS)
