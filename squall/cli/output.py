"""What commands print: results on standard output, notes and errors on standard error."""

from __future__ import annotations

from typing import Any

import orjson
import typer

from squall.core.display import visible_lines
from squall.core.errors import SquallError
from squall.core.net.redaction import redact_secrets_in


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print `text` on standard output or (`err`) standard error; control characters, which could steer the terminal, become visible."""
    typer.echo(visible_lines(text), err=err, nl=nl)


def print_json(value: Any, *, indent: bool = False) -> None:
    """Print `value` as JSON: one line, or indented."""
    echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else None).decode())


def print_note(text: str) -> None:
    """Print a remark that is not part of the result, without secrets."""
    echo(f"squall: {redact_secrets_in(text)}", err=True)


def print_error(error: SquallError) -> None:
    """Print what went wrong, and what to do about it."""
    print_note(error.what)
    if error.hint:
        echo(f"        → {error.hint}", err=True)
