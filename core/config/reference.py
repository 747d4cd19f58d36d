"""The settings as a list, for `squall settings` and docs/configuration.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

import orjson
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from squall.core.config.loading import PREFIX
from squall.core.config.settings import Settings
from squall.core.net.addresses import redact_url, redact_webhook_url
from squall.core.net.redaction import redact_secrets_in

HIDDEN = "(set)"
"""Shown instead of a secret that has a value."""
_SIGNS = {Ge: ("ge", "≥"), Gt: ("gt", ">"), Le: ("le", "≤"), Lt: ("lt", "<")}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Args:
        path: section and key, as in the TOML file.
        kind: the values that it takes, in words.
        default: as JSON; empty for secrets.
        description: what it means.
        secret: whether its value is hidden.
    """

    path: tuple[str, ...]
    kind: str
    default: Any
    description: str
    secret: bool

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + "__".join(self.path).upper()


def settings_in(model: type[BaseModel] = Settings, path: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Yield every setting of `model`, sections in the order of the tree; the keys of list items are part of their list."""
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel) and isinstance(field.default, BaseModel):
            yield from settings_in(annotation, (*path, name))
            continue
        yield Setting((*path, name), _kind(field), _plain(field.default), field.description or "", _is_secret(annotation))


def value_of(settings: Settings, setting: Setting) -> Any:
    """Return the effective value as JSON; of a secret only whether it is set, every URL redacted, a webhook's to its host."""
    value: Any = settings
    for name in setting.path:
        value = getattr(value, name)
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        return redact_url(text) if setting.path == ("store", "url") else HIDDEN if text else ""
    return _redacted(_plain(value))


def _redacted(value: Any, key: str = "") -> Any:
    """Redact a JSON value; the keys called `url` are those of webhooks, whose path is a secret."""
    if isinstance(value, str):
        return redact_webhook_url(value) if key == "url" else redact_secrets_in(value)
    if isinstance(value, dict):
        return {name: _redacted(item, name) for name, item in value.items()}
    return [_redacted(item) for item in value] if isinstance(value, list) else value


def markdown() -> str:
    """Return docs/configuration.md."""
    lines = [_HEAD]
    section: tuple[str, ...] | None = None
    items: list[str] = []
    for setting in settings_in():
        if setting.path[:-1] != section:
            section = setting.path[:-1]
            lines += items
            items = []
            lines += [f"\n## {'.'.join(section) or 'top level'}", "", _about(section), "", *_TABLE]
        default = _default_cell(setting.default)
        lines.append(f"| `{setting.variable}` | {_cell(setting.kind)} | {_cell(default)} | {_cell(setting.description)} |")
        items += _items_of(setting)
    return "\n".join([*lines, *items]) + "\n"


def _items_of(setting: Setting) -> list[str]:
    """Return the table of the keys of one item, of a setting that is a list of objects; else nothing."""
    annotation: Any = _model_at(setting.path[:-1]).model_fields[setting.path[-1]].annotation
    model = next((argument for argument in get_args(annotation) if isinstance(argument, type) and issubclass(argument, BaseModel)), None)
    if get_origin(annotation) is not tuple or model is None:
        return []
    rows = []
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _default_cell(_plain(field.default))
        rows.append(f"| `{field.alias or name}` | {_cell(_kind(field))} | {_cell(default)} | {_cell(field.description or '')} |")
    return [f"\nEach item of `{setting.variable}`:", "", "| key | type | default | meaning |", _TABLE[1], *rows]


def _about(section: tuple[str, ...]) -> str:
    return (_model_at(section).__doc__ or "").strip().splitlines()[0]


def _model_at(section: tuple[str, ...]) -> type[BaseModel]:
    model: type[BaseModel] = Settings
    for name in section:
        annotation = model.model_fields[name].annotation
        assert isinstance(annotation, type)
        model = annotation
    return model


def _kind(field: FieldInfo) -> str:
    bounds = [(limit, *_SIGNS[type(limit)]) for limit in field.metadata if type(limit) in _SIGNS]
    limits = [f"{sign} {getattr(limit, name)}" for limit, name, sign in bounds]
    return " ".join([_words(field.annotation), *limits])


def _words(annotation: Any) -> str:
    """Name a type as people do."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is None:
        return _PLAIN.get(getattr(annotation, "__name__", ""), _model_words(annotation))
    if origin is Annotated:
        return _words(arguments[0])
    if origin is tuple:
        return f"JSON list of {_words(arguments[0])}"
    if origin in {dict, Mapping}:
        return f"JSON object of {_words(arguments[1])}"
    if str(origin) in {"typing.Literal", "<class 'typing.Literal'>"}:
        return ", ".join(str(argument) for argument in arguments)
    return " or ".join(_words(argument) for argument in arguments if argument is not type(None))


_PLAIN = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "Path": "path",
    "SecretStr": "secret",
}


def _model_words(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"object of {', '.join(annotation.model_fields)}"
    return "one of " + ", ".join(str(member.value) for member in annotation) if hasattr(annotation, "__members__") else str(annotation)


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return ""
    return to_jsonable_python(dict(value) if isinstance(value, Mapping) else value, fallback=str)


def _default_cell(value: Any) -> str:
    return "" if value in ("", None, [], {}) else f"`{_shown(value)}`"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


_TABLE = ("| variable | type | default | meaning |", "| --- | --- | --- | --- |")
_HEAD = """# Configuration

Every setting is an environment variable `SQUALL_SECTION__KEY` (two underscores between section and key) or a key in a TOML file:
`squall.toml` in the working directory, or the file given with `--config FILE`. `SQUALL_KAFKA__GROUP_ID=desk` is the same as

```toml
[kafka]
group_id = "desk"
```

Options of the command line override environment variables, which override the file. A wrong value or an unknown key is an error that
names it.
`squall settings` prints the effective settings without secrets and marks those that differ from the default; `squall doctor` tests them."""
