"""Reads the settings: options over `SQUALL_` variables over secret files over a TOML file over Kafka's properties over the defaults."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from squall.core.config.files.client_properties import read_client_properties
from squall.core.config.files.regular import MOST_SETTINGS_BYTES, read_regular_file
from squall.core.config.files.secret_files import SecretFilesSource, secret_names
from squall.core.config.sections import Section
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError

CONFIG_VARIABLE: Final = "SQUALL_CONFIG"
CONFIG_OPTION: Final = "--config"
DEFAULT_CONFIG: Final = "squall.toml"
PREFIX: Final = "SQUALL_"

_FIELD: Final = re.compile(r'field "(\w+)"')
_KUBERNETES: Final = re.compile(r"_(?:SERVICE_(?:HOST|PORT)\w*|PORT(?:_\w+)?)$")
"""Ends of variables that Kubernetes and Docker set for a service: a service called squall-web gives SQUALL_WEB_PORT."""


class _Readable(Settings, BaseSettings):
    """The tree as pydantic-settings reads it; never instantiated."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid")


def load_settings(config: Path | None = None, overrides: Mapping[str, object] | None = None) -> Settings:
    """Read the settings.

    Args:
        config: TOML file of the option `--config`; None: `SQUALL_CONFIG`, else `squall.toml` in the working directory if it exists.
        overrides: values that come first, by key; a mapping under the name of a section is merged into it:
            `{"data_dir": path, "kafka": {"group_id": "desk"}}`.

    Raises:
        ConfigurationError: a value is wrong or a key is unknown; names the key, the variable and what is allowed.
    """
    file = config_path(config)
    _refuse_misspelt_variables((*os.environ, *secret_names()))
    try:
        values = _merged(_toml(file), SecretFilesSource(_Readable)(), EnvSettingsSource(_Readable)(), overrides or {})
        return Settings.model_validate(_with_properties(values))
    except ValidationError as error:
        lines = [_complaint(dict(item)) for item in error.errors(include_url=False, include_input=False)]
        raise ConfigurationError("; ".join(lines), "correct the environment variable or the TOML file") from None
    except SettingsError as error:
        raise ConfigurationError(
            _not_json(error),
            'write a list as ["one", "two"], a mapping as {"name": "value"}; a section\'s key has two underscores before it',
        ) from None


def config_path(config: Path | None = None) -> Path | None:
    """Return the TOML file in use, None where there is none.

    Args:
        config: as of `load_settings`.

    Raises:
        ConfigurationError: a file was named and does not exist.
    """
    named, by = (config, CONFIG_OPTION) if config is not None else (os.environ.get(CONFIG_VARIABLE), CONFIG_VARIABLE)
    if named:
        path = Path(named)
        if not path.is_file():
            raise ConfigurationError(f"{by} names {path}, which is not a file", "correct the path or leave it out")
        return path
    default = Path(DEFAULT_CONFIG)
    return default if default.is_file() else None


def _toml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(read_regular_file(path, MOST_SETTINGS_BYTES).decode("utf-8"))
    except ValueError as error:  # broken TOML, or not UTF-8
        raise ConfigurationError(f"{path}: {error}", "correct the TOML file") from error


def _with_properties(values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings with what Kafka's properties file says below them, where they name one."""
    kafka = values.get("kafka")
    if not isinstance(kafka, Mapping) or not isinstance(named := kafka.get("properties_file"), str | Path) or not str(named):
        return values
    return {**values, "kafka": {**read_client_properties(Path(named).expanduser()).settings, **kafka}}


def unused_properties(settings: Settings) -> str:
    """Return which keys of Kafka's properties file have no effect, as a warning; empty if there are none.

    Raises:
        ConfigurationError: the file can't be read any more.
    """
    file = settings.kafka.properties_file
    unused = read_client_properties(file).unused if file is not None else ()
    return f"{file}: Squall has no use for {', '.join(unused)}" if unused else ""


def _merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested mappings; later layers win, key by key."""
    values: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            known = values.get(key)
            values[key] = _merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return values


def _complaint(error: dict[str, Any]) -> str:
    parts = [str(part) for part in error["loc"]]
    message = error["msg"]
    if error["type"] == "extra_forbidden":
        message = "is not a setting" + _did_you_mean(parts[-1], _keys(error["loc"][:-1]))
    elif error["type"] in {"dict_type", "mapping_type"}:
        message = 'must be a mapping: {"name": "value"} as JSON, a table in TOML'
    item = next((i for i, part in enumerate(error["loc"]) if isinstance(part, int)), len(parts))  # a list is one variable, as JSON
    return f"{'.'.join(parts)} ({_variable(parts[:item])}): {message}"


def _variable(parts: Iterable[str]) -> str:
    return PREFIX + "__".join(parts).upper()


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    found = get_close_matches(word.lower(), known, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _keys(path: Iterable[str | int]) -> list[str]:
    """Return the keys of the section at `path`, as a file spells them; a number stands for an item of a list."""
    model: type[BaseModel] = Settings
    for part in path:
        if isinstance(part, int):
            continue
        by_key = {field.alias or name: field for name, field in model.model_fields.items()}
        found = _model_in(by_key[part].annotation) if part in by_key else None
        if found is None:
            return []
        model = found
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation holds: itself, optional, or in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for argument in get_args(annotation) if (model := _model_in(argument))), None)


def _refuse_misspelt_variables(names: Iterable[str]) -> None:
    """Refuse variables that are meant as settings and are not read; pydantic sees a misspelt key only in a section that it knows.

    Names without `__` may be other people's: only those are refused that come close to a setting.
    """
    sections = _sections()
    for name in names:
        upper = name.upper()
        if not upper.startswith(PREFIX):
            continue
        section, nested, key = upper.removeprefix(PREFIX).lower().partition("__")
        if nested and section not in Settings.model_fields:
            close = get_close_matches(section, sections, n=1)
            meant = f"; did you mean {_variable((close[0], key))}?" if close else ""
            raise ConfigurationError(f"{name}: {section} is not a section of the settings{meant}", "sections: " + ", ".join(sections))
        if not nested and (meant := _meant(section)):
            raise ConfigurationError(f"{name} is not a setting; did you mean {meant}?", "correct the name of the variable")


def _meant(name: str) -> str:
    """Return the variable that `name`, without prefix and double underscore, was meant to be; empty if none is close."""
    if name in Settings.model_fields:
        return ""
    for section in _sections():
        key = name.removeprefix(f"{section}_")
        if key != name and key in _keys([section]) and not _KUBERNETES.search(name.upper()):
            return _variable((section, key))
    top = [key for key in Settings.model_fields if key not in _sections()]
    close = get_close_matches(name, top, n=1, cutoff=0.85)
    return _variable(close) if close else ""


def _sections() -> list[str]:
    return [name for name, field in Settings.model_fields.items() if isinstance(field.default, Section)]


def _not_json(error: SettingsError) -> str:
    """Name the environment variables that may be meant: pydantic names only the section, and never the value."""
    found = _FIELD.search(str(error))
    prefix = PREFIX + (found[1].upper() if found else "")
    names = sorted(name for name in (*os.environ, *secret_names()) if name.upper().startswith(prefix))
    return f"{' or '.join(names) or prefix}: a value that must be JSON is not"
