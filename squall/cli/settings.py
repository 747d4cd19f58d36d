"""`squall settings`: what is in force."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import typer

from squall.core.config.loading import config_path, load_settings


def settings(
    changed: Annotated[bool, typer.Option("--changed", help="Only what differs from the default.")] = False,
    reference: Annotated[bool, typer.Option("--reference", help="Print the reference of all settings as Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the settings in force, without secrets; a star marks what differs from the default.

    \b
    Examples:
      squall settings --changed
      SQUALL_KAFKA__GROUP_ID=desk squall settings --json
      squall settings --reference > configuration.md
    """
    from squall.core.config.reference import markdown, settings_in, value_of

    if reference:
        typer.echo(markdown(), nl=False)
        return
    loaded = load_settings()
    rows = [(setting, value_of(loaded, setting)) for setting in settings_in()]
    if changed:
        rows = [(setting, value) for setting, value in rows if value != setting.default]
    if as_json:
        values: dict[str, Any] = {setting.variable: value for setting, value in rows}
        typer.echo(orjson.dumps({"file": str(config_path() or ""), "settings": values}, option=orjson.OPT_INDENT_2))
        return
    source = config_path()
    typer.echo(f"environment{f' over {source}' if source else ''}", err=True)
    for setting, value in rows:
        mark = "*" if value != setting.default else " "
        typer.echo(f"{mark} {setting.variable} = {orjson.dumps(value).decode()}")
