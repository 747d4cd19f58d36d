"""`squall ingest types`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from squall.cli.options import AsJson
from squall.cli.output import echo, print_json
from squall.core.errors import ConfigurationError

if TYPE_CHECKING:
    from squall.ingest.registry.source_type import SourceType


def show_types(
    name: Annotated[str | None, typer.Argument(metavar="TYPE", help="Show this type's options; default: list the types.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the types of sources, or one's options.

    Types are Squall's own and those of installed packages, which name them in the entry point group squall.sources (docs/sources.md).

    \b
    Examples:
      squall ingest types
      squall ingest types folder
    """
    from squall.ingest.registry.types import installed_types

    types = installed_types()
    if name is not None:
        kind = types.get(name)
        if as_json:
            print_json({"name": kind.name, "summary": kind.summary, "options": kind.Options.model_json_schema()})
            return
        for line in _options(kind):
            echo(line)
        return
    found: dict[str, str] = {}
    for each in types.names:
        try:
            found[each] = types.get(each).summary
        except ConfigurationError as error:  # one broken package must not hide the others
            found[each] = f"can't be used: {error.what}"
    if as_json:
        print_json({"types": found})
        return
    width = max((len(each) for each in found), default=0)
    for each, summary in found.items():
        echo(f"{each.ljust(width)}  {summary}")


def _options(kind: SourceType[Any]) -> Iterator[str]:
    yield f"{kind.name}: {kind.summary}"
    yield ""
    yield "  [[source]]"
    yield f'  type = "{kind.name}"'
    yield '  name = "…"'
    yield from (f"  {line}" for line in kind.example.strip().splitlines())
    yield ""
    fields = kind.Options.model_fields
    width = max((len(name) for name in fields), default=0)
    for name, field in sorted(fields.items(), key=lambda each: not each[1].is_required()):
        default = "required" if field.is_required() else f"default: {_in_toml(field.get_default(call_default_factory=True))}"
        yield f"  {(field.alias or name).ljust(width)}  {field.description or ''} ({default})"


def _in_toml(value: Any) -> str:
    """Return a default as it would be written in the list; `none` for what can be left out only."""
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}"
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(_in_toml(each) for each in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_in_toml(each)}' for key, each in value.items())} }}"
    return json.dumps(str(value), ensure_ascii=False)
