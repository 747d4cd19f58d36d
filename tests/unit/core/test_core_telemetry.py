"""Log lines: one per event, readable by machines, and not a hundred a second."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from squall.core.config.settings import LogSettings
from squall.core.observability.logging import CHATTY, REPEAT_SECONDS, RepeatFilter, configure_logging


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in CHATTY}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


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


def test_the_level_holds_for_us_and_libraries_speak_only_to_warn() -> None:
    stream = configured(level="INFO")
    logging.getLogger("squall").debug("ours")
    logging.getLogger("kafka.conn").info("theirs")
    assert stream.getvalue() == ""
    logging.getLogger("kafka.conn").warning("theirs")
    assert "theirs" in stream.getvalue()


def test_a_library_that_repeats_itself_is_heard_once_in_a_while() -> None:
    repeat = RepeatFilter()
    heard = [repeat.filter(record("aiokafka.conn", "lost %s", 100.0 + second)) for second in (0, 1, REPEAT_SECONDS - 1, REPEAT_SECONDS + 1)]
    assert heard == [True, False, False, True]
    assert repeat.filter(record("aiokafka.conn", "something else", 101.0))


@pytest.mark.parametrize("name", ["squall.worker", "model.engine", "kafkaesque", "modelling"])
def test_what_we_say_ourselves_is_never_dropped(name: str) -> None:
    repeat = RepeatFilter()
    assert all(repeat.filter(record(name, "the same", 100.0)) for _ in range(5))
