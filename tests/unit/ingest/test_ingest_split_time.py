"""Times that are spread over columns of a file."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import Any

import pandas
import pytest

from squall.core.clock import ManualClock
from squall.core.items import Item
from squall.ingest.fields import InvalidFieldError
from squall.ingest.file.columns import Columns
from squall.ingest.file.source import FileOptions, FileSource

AFTERNOON = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
CLOCK = ManualClock(datetime(2026, 6, 1, tzinfo=UTC))


def items(path: Path, options: FileOptions | None = None) -> list[Item]:
    return [item for batch in FileSource(path, CLOCK, options).batches(threading.Event()) for item in batch.items]


def joined(row: dict[str, Any]) -> str | None:
    time = Columns({}).layout(row).time
    return time.joined(row, "") if time else None


def csv(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "posts.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("id,date,time,timezone,tweet", "1,2026-03-02,15:05:00,CET,The bank fails"),
        ("id,date,time,timezone,tweet", "1,2026-03-02,15:05,+0100,The bank fails"),
        ("id,date,time,timezone,tweet", "1,2026-03-02,15:05,Europe/Berlin,The bank fails"),
        ("id,date,time,timezone,tweet", "1,2026-03-02,14:05:00,,The bank fails"),
        ("id,date,time,tweet", "1,2026-03-02,2:05 PM,The bank fails"),
        ("id,date,time,tweet", "1,20260302,14:05,The bank fails"),
        ("id,Date,Time,tweet", '1,"Mar 2, 2026",14:05,The bank fails'),
        ("id,created_at,created_time,tweet", "1,2026-03-02,14:05,The bank fails"),
        ("id,Created_At,Created_Time,tz,tweet", "1,2026-03-02,15:05,CET,The bank fails"),
        ("id,datetime,timezone,tweet", "1,2026-03-02 09:05,America/New_York,The bank fails"),
        ("id,created_at,date,time,timezone,tweet", "1,2026-03-02 15:05:00 CET,2026-03-02,15:05:00,+0100,The bank fails"),
        ("id,created_at,date,time,timezone,tweet", "1,1772460300000,2026-03-02,15:05:00,+0100,The bank fails"),
        ("id,date,time,timezone,tweet", "1,2026-03-02T14:05:00Z,09:00,CET,The bank fails"),
        ("id,date,time,tweet", "1,,2026-03-02T14:05:00Z,The bank fails"),
        ("id,time,tweet", "1,2026-03-02T14:05:00Z,The bank fails"),
        ("id,date,hour,minute,tweet", "1,2026-03-02,14,5,The bank fails"),
        ("id,date,pub_time,tweet", "1,2026-03-02,14:05,The bank fails"),
        ("id,date,Time (UTC),tweet", "1,2026-03-02,14:05,The bank fails"),
        ("id,date,Uhrzeit,tweet", "1,02.03.2026,14:05,The bank fails"),
        ("id,datetime,reading_time,tweet", "1,2026-03-02 14:05,3:10,The bank fails"),
        ("id,date,Hour,Minute,Second,tweet", "1,2026-03-02 00:00:00,14.0,5.0,0,The bank fails"),
        ("id,date,hour,tweet", "1,2026-03-02,14:05,The bank fails"),
        ("id,date,time,ampm,tweet", "1,2026-03-02,2:05,PM,The bank fails"),
        ("id,date,hour,minute,ampm,timezone,tweet", "1,2026-03-02,3,5,pm,CET,The bank fails"),
        ("id,day,month,year,time,tweet", "1,2,3,2026,14:05,The bank fails"),
        ("id,day,month,year,hour,minute,tz,tweet", "1,2,March,2026,15,5,CET,The bank fails"),
        ("id,year,month,day,hour,minute,tweet", "1,2026.0,3.0,2.0,14.0,5.0,The bank fails"),
        ("id,year,month,day,time,tweet", "1,2026,3,2,2026-03-02T14:05:00Z,The bank fails"),
        ("id,date,hour,tweet", "1,2026-03-02T14:05:00Z,9,The bank fails"),
    ],
)
def test_day_time_and_zone_are_joined_where_they_are_apart(tmp_path: Path, header: str, row: str) -> None:
    (item,) = items(csv(tmp_path, header, row))
    assert item.document is not None, item.rejection
    assert item.document.published_at == AFTERNOON


@pytest.mark.parametrize(
    ("header", "row", "named"),
    [
        ("id,date,time,tweet", "1,2026-03-02,,The bank fails", "time of day in time is missing"),
        ("id,date,time,tweet", "1,2026-03-02,14.05,The bank fails", "the columns date, time are no time together"),
        ("id,date,time,tweet", "1,2026-03-02,morning,The bank fails", "the columns date, time are no time together"),
        ("id,date,time,timezone,tweet", "1,2026-03-02,14:05,Mars,The bank fails", "the columns date, time, timezone are no time together"),
        ("id,date,hour,tweet", "1,2026-03-02,,The bank fails", "the time of day in hour is missing"),
        ("id,date,hour,tweet", "1,2026-03-02,25,The bank fails", "the columns date, hour are no time together"),
        ("id,year,month,day,tweet", "1,2026,,2,The bank fails", "the day is in year, month, day, and month is missing"),
        ("id,year,month,day,hour,tweet", "1,2026,13,2,14,The bank fails", "the columns year, month, day, hour are no time together"),
        ("id,datetime,tz,tweet", "1,2026-03-02 14:05,IST,The bank fails", "the columns datetime, tz are no time together"),
    ],
)
def test_parts_that_are_missing_or_no_time_are_an_error_that_names_the_columns(tmp_path: Path, header: str, row: str, named: str) -> None:
    (item,) = items(csv(tmp_path, header, row))
    assert item.rejection is not None
    assert named in item.rejection.detail


def test_a_format_of_the_day_is_joined_with_the_time_of_day(tmp_path: Path) -> None:
    path = csv(tmp_path, "id,date,time,timezone,tweet", "1,02/03/2026,15:05,CET,The bank fails")
    (item,) = items(path, FileOptions(time_format="%d/%m/%Y"))
    assert item.document is not None, item.rejection
    assert item.document.published_at == AFTERNOON


def test_a_mapped_day_is_joined_and_a_mapped_time_is_not(tmp_path: Path) -> None:
    path = csv(tmp_path, "day,time,tweet", "2026-03-02,14:05,The bank fails")
    (item,) = items(path, FileOptions(columns={"published_at": "day"}))
    assert item.document is not None, item.rejection
    assert item.document.published_at == AFTERNOON
    path = csv(tmp_path, "pub_date,pub_time,tweet", "2026-03-02,14:05,The bank fails")
    (item,) = items(path, FileOptions(columns={"published_at": "pub_date"}))
    assert item.document is not None, item.rejection
    assert item.document.published_at == AFTERNOON
    path = csv(tmp_path, "day,time,tweet", "2026-03-02,14:05,The bank fails")
    (item,) = items(path, FileOptions(columns={"published_at": "day", "author": "time"}))
    assert item.document is not None, item.rejection
    assert item.document.published_at == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_day_without_a_time_column_is_its_midnight_in_its_zone(tmp_path: Path) -> None:
    (item,) = items(csv(tmp_path, "id,date,timezone,tweet", "1,2026-03-02,CET,The bank fails"))
    assert item.document is not None, item.rejection
    assert item.document.published_at == datetime(2026, 3, 1, 23, tzinfo=UTC)


def test_parquet_days_and_times_are_joined(tmp_path: Path) -> None:
    day = datetime(2026, 3, 2)  # noqa: DTZ001 - as files have it
    frame = pandas.DataFrame({"date": [day], "time": [AFTERNOON.time()], "title": ["The bank fails"]})
    frame.to_parquet(tmp_path / "posts.parquet")
    (item,) = items(tmp_path / "posts.parquet")
    assert item.document is not None, item.rejection
    assert item.document.published_at == AFTERNOON


def test_columns_that_hold_nan_or_blanks_are_not_given() -> None:
    row = {"created_at": nan, "date": "2026-03-02", "time": "14:05", "timezone": nan, "text": "The bank fails"}
    assert joined(row) == "2026-03-02 14:05"
    assert joined({**row, "date": " ", "created_at": "2026-03-02"}) == "2026-03-02 14:05"
    with pytest.raises(InvalidFieldError, match="time of day in time is missing"):
        joined({**row, "time": nan})
