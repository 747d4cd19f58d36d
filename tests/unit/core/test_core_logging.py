"""Log lines: one per event, readable by machines, and not a hundred a second."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path

import pytest
from aiokafka.errors import GroupCoordinatorNotAvailableError, TopicAuthorizationFailedError

from squall.core.config.settings import LogSettings
from squall.core.observability.logging import BATCHES, LOGGERS, REPEAT_SECONDS, ROOT, RepeatFilter, configure_logging

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _logging_as_it_was(restored_logging: None) -> None:
    """Undo what each test configures."""


def configured(**settings: str) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(LogSettings.model_validate(settings), stream)
    return stream


def record(name: str, message: str, created: float) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.WARNING, "", 0, message, (), None)
    made.created = created
    return made


def test_json_lines_parse_and_carry_their_fields() -> None:
    stream = configured(format="json")
    logging.getLogger("squall.worker").warning("stored %d", 5, extra={"topic": "documents", "partition": 3})
    line = json.loads(stream.getvalue())
    assert (line["level"], line["logger"], line["message"]) == ("warning", "squall.worker", "stored 5")
    assert (line["topic"], line["partition"]) == ("documents", 3)
    assert line["time"].endswith("+00:00")


@pytest.mark.parametrize("odd", ["line\nbreak", "lone \ud800 surrogate", "nul\x00", 2**80, {1: "key"}, object(), b"\xff", float("nan")])
def test_a_json_line_stays_one_parsable_line_whatever_is_logged(odd: object) -> None:
    stream = configured(format="json")
    logging.getLogger("squall").error("saw %s", odd, extra={"odd": odd})
    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue())["level"] == "error"


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_is_in_the_log(form: str) -> None:
    stream = configured(format=form)
    try:
        raise KeyError("gone")
    except KeyError:
        logging.getLogger("squall").exception("failed")
    assert "KeyError: 'gone'" in stream.getvalue()


def test_text_lines_carry_their_fields() -> None:
    stream = configured()
    logging.getLogger("squall").info("stored", extra={"partition": 3})
    assert stream.getvalue().endswith("info    squall: stored partition=3\n")


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR"])
@pytest.mark.parametrize("name", [name for name in LOGGERS if name != BATCHES] + ["squall.core.cpus", "squall.alerts.service"])
def test_one_level_reaches_every_logger_of_ours(level: str, name: str) -> None:
    stream = configured(level=level)
    for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logging.getLogger(name).log(number, "at %s", logging.getLevelName(number))
    written = [line.rpartition(" ")[2] for line in stream.getvalue().splitlines()]
    levels = ["DEBUG", "INFO", "WARNING", "ERROR"]
    assert written == levels[levels.index(level) :]


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING"])
@pytest.mark.parametrize("name", ["aiokafka.conn", "aiokafka", "faust", "httpx", "uvicorn.error", "some.other.library", "squallish"])
def test_libraries_are_heard_from_warnings_on_at_every_level(level: str, name: str) -> None:
    stream = configured(level=level)
    logging.getLogger(name).info("theirs")
    assert stream.getvalue() == ""
    logging.getLogger(name).warning("theirs")
    assert "theirs" in stream.getvalue()


def test_at_the_level_error_libraries_warn_no_more() -> None:
    stream = configured(level="ERROR")
    logging.getLogger("aiokafka.conn").warning("theirs")
    assert stream.getvalue() == ""


def test_every_logger_in_the_source_is_named_after_its_module_or_documented() -> None:
    """A module is imported as `squall.…`, so that `__name__` is below `squall` too."""
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    assert [name for name in LOGGERS if f"`{name}`" not in page] == []
    assert all(name == ROOT or name.startswith(f"{ROOT}.") for name in LOGGERS)
    named = {
        (str(file.relative_to(REPOSITORY)), argument)
        for room in ("alerts", "backtest", "core", "dashboards", "entities", "ingest", "model", "squall", "storage", "stories", "stream")
        for file in (REPOSITORY / room).rglob("*.py")
        for argument in re.findall(r"= logging\.getLogger\(([^)]*)\)", file.read_text())
    }
    allowed = {f'"{name}"' for name in LOGGERS} | {"__name__"}
    assert {(file, name) for file, name in named if name not in allowed and not file.startswith("core/observability")} == set()


def test_a_library_that_repeats_itself_is_heard_once_in_a_while() -> None:
    repeat = RepeatFilter()
    heard = [repeat.filter(record("aiokafka.conn", "lost %s", 100.0 + second)) for second in (0, 1, REPEAT_SECONDS - 1, REPEAT_SECONDS + 1)]
    assert heard == [True, False, False, True]
    assert repeat.filter(record("aiokafka.conn", "something else", 101.0))


@pytest.mark.parametrize("name", ["squall", "squall.worker", "squall.model.serving.engine"])
def test_messages_of_squall_are_never_dropped(name: str) -> None:
    repeat = RepeatFilter()
    assert all(repeat.filter(record(name, "the same", 100.0)) for _ in range(5))


@pytest.mark.parametrize("name", ["apscheduler.scheduler", "faust.app"])
def test_warnings_that_mean_nothing_here_are_not_logged_and_errors_are(name: str) -> None:
    """APScheduler warns of each run of the detector that is skipped because the one before takes longer than the interval."""
    stream = configured()
    logging.getLogger(name).warning("skipped: maximum number of running instances reached")
    logging.getLogger(name).error("a job raised an exception")
    assert stream.getvalue().endswith(f"error   {name}: a job raised an exception\n")
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize("name", ["kafka.net.connection", "kafka.admin", "kafka.producer.sender", "kafka.cluster"])
def test_a_broker_that_does_not_answer_is_not_reported_a_second_time_by_its_client(name: str) -> None:
    stream = configured()
    logging.getLogger(name).error("Connection lost: [Error 7] RequestTimedOutError")
    assert stream.getvalue() == ""
    try:
        raise ValueError("bad state")
    except ValueError:
        logging.getLogger(name).exception("Uncaught error in kafka producer I/O thread")
    assert "Uncaught error" in stream.getvalue()
    assert "Traceback" in stream.getvalue()


def test_what_aiokafka_tries_again_by_itself_is_not_logged_and_what_it_gives_up_is() -> None:
    stream = configured()
    log = logging.getLogger("aiokafka.consumer.group_coordinator")
    log.error("Group Coordinator Request failed: %s", GroupCoordinatorNotAvailableError())
    assert stream.getvalue() == ""
    log.error("Heartbeat failed: %s", TopicAuthorizationFailedError())
    assert "TopicAuthorizationFailedError" in stream.getvalue()
