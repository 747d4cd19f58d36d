"""Settings from files, one each: how Docker and Kubernetes pass secrets to a process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic_settings import EnvSettingsSource

from squall.core.config.files.regular import MOST_SETTINGS_BYTES, read_regular_file
from squall.core.errors import ConfigurationError

VARIABLE: Final = "SQUALL_SECRETS_DIR"
_PREFIX: Final = "SQUALL_"


def secret_file_paths() -> list[Path]:
    """Return the files that are named like settings; other files in the folder are ignored.

    Raises:
        ConfigurationError: the folder can't be read.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return []
    folder = Path(named).expanduser()
    try:
        return sorted(file for file in folder.iterdir() if file.name.upper().startswith(_PREFIX) and file.is_file())
    except OSError as error:
        raise ConfigurationError(
            f"{VARIABLE} names {folder}, which can't be read: {error.strerror}", "correct the path or unset it"
        ) from error


def secret_names() -> list[str]:
    """Return the names of the settings that come from files.

    Raises:
        ConfigurationError: the folder can't be read.
    """
    return [file.name for file in secret_file_paths()]


def read_secrets() -> dict[str, str]:
    """Return each file's text without the newline that editors put at its end.

    Raises:
        ConfigurationError: a file can't be read, or is no text.
    """
    return {file.name: _text(file) for file in secret_file_paths()}


def _text(file: Path) -> str:
    try:
        return read_regular_file(file, MOST_SETTINGS_BYTES).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        # the error would carry the bytes
        raise ConfigurationError(f"{file} is not UTF-8 text", f"write the setting {file.name.upper()} as text") from None


class SecretFilesSource(EnvSettingsSource):
    """Reads the files as if they were environment variables: `SQUALL_KAFKA__PASSWORD`, in any case."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in read_secrets().items()}
