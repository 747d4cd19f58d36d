"""`squall settings`."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import typer

from squall.cli.options import AsJson, global_options
from squall.cli.output import echo, print_json


def settings(
    context: typer.Context,
    changed: Annotated[bool, typer.Option("--changed", help="Only settings that differ from the default.")] = False,
    reference: Annotated[bool, typer.Option("--reference", help="Print the reference of all settings as Markdown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the effective settings, without secrets.

    A star marks those that differ from the default.

    \b
    Examples:
      squall settings --changed
      SQUALL_KAFKA__GROUP_ID=desk squall settings --json
      squall settings --reference > configuration.md
    """
    from squall.core.config.reference import markdown, settings_in, value_of

    if reference:
        echo(markdown(), nl=False)
        return
    options = global_options(context)
    loaded, file = options.load(), options.file()
    rows = [(setting, value_of(loaded, setting)) for setting in settings_in()]
    if changed:
        rows = [(setting, value) for setting, value in rows if value != setting.default]
    if as_json:
        values: dict[str, Any] = {setting.variable: value for setting, value in rows}
        print_json({"file": str(file or ""), "settings": values}, indent=True)
        return
    echo(f"environment{f' over {file}' if file else ''}", err=True)
    for setting, value in rows:
        mark = "*" if value != setting.default else " "
        echo(f"{mark} {setting.variable} = {orjson.dumps(value).decode()}")
