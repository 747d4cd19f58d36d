"""Texts to try a model on: those of a file, or the headlines of the demo's stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from squall.core.config.files.regular import open_regular_text
from squall.core.errors import ConfigurationError


def sample_texts(path: Path | None) -> Iterator[str]:
    """Yield the texts of a file (plain lines, or JSONL with title or text), or those of the demo's stream.

    Raises:
        ConfigurationError: the file cannot be read, or a line is not a JSON object; names it.
    """
    return _read(path) if path else _bundled()


def _read(path: Path) -> Iterator[str]:
    try:
        with open_regular_text(path) as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                text = _field(path, number, line) if ".jsonl" in path.suffixes else line.strip()
                if text:
                    yield text
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}", "give a UTF-8 text file") from error


def _field(path: Path, number: int, line: str) -> str:
    try:
        body = orjson.loads(line)
        return str(body.get("title") or body.get("text") or "")
    except (orjson.JSONDecodeError, AttributeError):
        raise ConfigurationError(f"{path}, line {number}: not a JSON object", "each line is an object with title or text") from None


def _bundled() -> Iterator[str]:
    from squall.ingest.synthetic.stream import generate

    for record in generate():
        if record.expected == "document":
            body = orjson.loads(record.line)
            if text := str(body.get("title") or body.get("text") or ""):
                yield text
