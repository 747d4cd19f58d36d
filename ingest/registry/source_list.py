"""The list of sources in a TOML file: `[[source]]` tables with a type, a name and the type's own options."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from squall.core.config.files.regular import MOST_SETTINGS_BYTES, read_regular_file
from squall.core.errors import ConfigurationError
from squall.ingest.registry.source_type import SourceOptions, SourceType
from squall.ingest.registry.types import SourceTypes

MOST_SOURCES: Final = 200
"""Each has a thread of its own, and a value of each metric of sources."""
RESERVED: Final = frozenset({"rss", "push", "replay", "stdin"})
"""Stream names of Squall's other sources."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_INPUT: Final = "Input should be "
_WORDS: Final[Mapping[str, str]] = {
    "missing": "is required",
    "tuple_type": 'must be a list, such as ["x"]',
    "dict_type": 'must be a table, such as { x = "y" }',
    "string_type": 'must be text in quotes, such as "x"',
    "path_type": 'must be a path in quotes, such as "/data/incoming"',
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
}
"""By the type of pydantic's error."""
_FORM: Final = 'a source is [[source]] with type = "…", name = "…" and the type\'s options; `squall ingest types` shows them'


@dataclass(frozen=True, slots=True)
class ConfiguredSource:
    """One source of a list: its stream name, its type, and its options."""

    name: str
    type: SourceType[Any]
    options: SourceOptions

    @property
    def cursor_name(self) -> str:
        """The key of its cursor; another type under the same name starts anew."""
        return f"source:{self.type.name}:{self.name}"


def load_sources(path: Path, types: SourceTypes, secrets: Mapping[str, SecretStr] | None = None) -> tuple[ConfiguredSource, ...]:
    """Read the `[[source]]` tables of a TOML file.

    Args:
        path: the file.
        types: that a table may name.
        secrets: `ingest.secrets`, by lower-case name.

    Raises:
        ConfigurationError: the file is missing or not TOML, or tables are wrong. All of them are named, with number, field and remedy.
    """
    try:
        data = tomllib.loads(read_regular_file(path, MOST_SETTINGS_BYTES).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}", _FORM) from error
    tables = data.pop("source", None)
    if data:
        raise ConfigurationError(f"{path}: {', '.join(sorted(data))}: only [[source]] tables belong there", _FORM)
    if isinstance(tables, dict):
        raise ConfigurationError(f"{path}: [source] is one table, not a list of them: write [[source]]", _FORM)
    if not isinstance(tables, list) or not tables:
        raise ConfigurationError(f"{path} lists no source", _FORM)
    if len(tables) > MOST_SOURCES:
        raise ConfigurationError(f"{path} lists {len(tables)} sources, at most {MOST_SOURCES} run in one process", "divide the list")
    found, errors, hints = [], [], []
    for number, table in enumerate(tables, 1):
        try:
            found.append(_source(table, types, secrets or {}))
        except ConfigurationError as error:
            errors.append(f"source {number}{_shown(table)}: {error.what}")
            hints.append(error.hint)
    twice = sorted(name for name, count in Counter(source.name.lower() for source in found).items() if count > 1)
    if twice:
        errors.append(f"several sources have the name {', '.join(twice)}: names are unique, capitals do not count")
    if errors:
        remedies = "; ".join(dict.fromkeys(hint for hint in hints if hint))  # tables of several types may be wrong
        raise ConfigurationError(f"{path}: {'; '.join(errors)}", remedies or _FORM)
    return tuple(found)


def _source(table: Any, types: SourceTypes, secrets: Mapping[str, SecretStr]) -> ConfiguredSource:
    if not isinstance(table, dict):
        raise ConfigurationError("is no table", _FORM)
    values = dict(table)
    name, type_name = values.pop("name", None), values.pop("type", None)
    if not isinstance(type_name, str):
        raise ConfigurationError("type: is required, as text", f"types: {', '.join(types.names)}")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError("name: is required: 1 to 60 letters, digits, '.', '_' and '-', the first a letter or digit", _FORM)
    if name.lower() in RESERVED:
        raise ConfigurationError(f"name: {name} is the name of another source of Squall's", "choose another one")
    kind = types.get(type_name)
    try:
        return ConfiguredSource(name, kind, kind.Options.model_validate(values, context=secrets))
    except ValidationError as error:
        raise ConfigurationError(
            "; ".join(_complaints(error, kind.Options)), f"a usual table of type {kind.name}: {_usual(kind)}"
        ) from None


def _complaints(error: ValidationError, options: type[SourceOptions]) -> Iterator[str]:
    known = [field.alias or name for name, field in options.model_fields.items()]
    by_option: dict[str, list[ErrorDetails]] = {}
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        by_option.setdefault(str(each["loc"][0]) if each["loc"] else "", []).append(each)
    for option, errors in by_option.items():
        inside = [each for each in errors if any(isinstance(part, int) for part in each["loc"])]
        if inside:  # of a list, whatever else the option may be
            for each in inside:
                number = next(part for part in each["loc"] if isinstance(part, int)) + 1
                yield f"{option}, number {number} of the list: {_in_terms_of_toml(each)}"
        elif errors[0]["type"] == "extra_forbidden":
            close = get_close_matches(option, known, n=1)
            yield f"{option}: is no option; " + (f"did you mean {close[0]}?" if close else f"options: {', '.join(known) or 'none'}")
        else:
            what = " or ".join(dict.fromkeys(_in_terms_of_toml(each) for each in errors)).replace(" or must be ", " or ")
            where = ".".join(str(part) for part in errors[0]["loc"]) if len(errors) == 1 else option
            yield f"{where}: {what}" if where else what


def _in_terms_of_toml(error: ErrorDetails) -> str:
    """Return a message of pydantic without the words of Python."""
    if error["type"] in _WORDS:
        return _WORDS[error["type"]]
    message = error["msg"].removeprefix("Value error, ")
    return f"must be {message.removeprefix(_INPUT)}" if message.startswith(_INPUT) else message


def _usual(kind: SourceType[Any]) -> str:
    lines = (line.partition("  #")[0].strip() for line in kind.example.splitlines())
    return ", ".join(['name = "…"', *(line for line in lines if line)])


def _shown(table: Any) -> str:
    """Return type and name of a table for a message."""
    if not isinstance(table, dict):
        return ""
    words = [str(table[key])[:60] for key in ("type", "name") if isinstance(table.get(key), str)]
    return f" ({' '.join(words)})" if words else ""
