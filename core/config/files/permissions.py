"""Who else on this machine may read what Squall writes and the secrets that it reads.

Folders are created for their owner alone. What exists already is not changed, because an operator may have opened it to a group on
purpose: where every user of the machine can read it, one warning names it. Mounts are left to whoever mounts them: the volumes,
secrets and configuration files of a container are open inside it by default (Kubernetes: 0644), and nobody else is in there.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from squall.core.config.files.secret_files import secret_file_paths
from squall.core.config.settings import Settings
from squall.core.net.addresses import redact_url, split_url

PRIVATE_FOLDER: Final = 0o700
_OTHERS_READ: Final = stat.S_IROTH
_OTHERS_ENTER: Final = stat.S_IXOTH
_OTHERS_ANY: Final = stat.S_IRWXO
_KUBERNETES_LINK: Final = "..data"
"""The link that Kubernetes puts into every volume it makes of a Secret or a ConfigMap."""
_MOST_FILE_BYTES: Final = 1_000_000
SECRET_REFERENCE: Final = "secret:"  # noqa: S105  marks the name of one
"""Begins the name of a secret of the settings, where an option of a source may also hold the secret itself."""
_SECRET_KEYS: Final = ("password", "secret", "token", "authorization")


def private_folder(folder: Path) -> None:
    """Create `folder`, and every folder above it that is missing, with mode 0700; one that exists stays as it is.

    Raises:
        OSError: it can't be created, or is not a folder.
    """
    missing = []
    for each in (folder, *folder.parents):
        if each.exists():
            break
        missing.append(each)
    for each in reversed(missing):
        with suppress(FileExistsError):  # created in the meantime
            each.mkdir(mode=PRIVATE_FOLDER)
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")


def permission_warnings(settings: Settings, config: Path | None) -> list[str]:
    """Return a sentence for each folder and secret file that every user of this machine can read: its path, its mode and the remedy.

    Args:
        settings: name the data folder and the files.
        config: the TOML file that they come from; None: none.
    """
    found = []
    for folder in dict.fromkeys((settings.data_dir, settings.outbox)):
        mode = _open_mode(folder, _OTHERS_ANY)
        if mode is not None and not os.path.ismount(folder):
            found.append(f"the folder {folder} is open to every user of this machine (mode {mode:04o}): chmod 700 it")
    for file, holds in dict.fromkeys(_secret_files(settings, config)):
        mode = _open_mode(file, _OTHERS_READ)
        if mode is not None and not _is_mounted(file):
            found.append(f"{file} holds {holds} and every user of this machine can read it (mode {mode:04o}): chmod 600 it")
    return found


def _secret_files(settings: Settings, config: Path | None) -> Iterator[tuple[Path, str]]:
    if config is not None and _holds_secrets(_read_toml(config)):
        yield config, "secrets"
    for file in secret_file_paths():
        yield file, "a secret"
    if settings.kafka.key_file is not None:
        yield settings.kafka.key_file, "a private key"
    if settings.kafka.properties_file is not None:
        yield settings.kafka.properties_file, "a login"
    parts = split_url(settings.store.url.get_secret_value())
    for key in parse_qs(parts.query).get("keyfile", []) if parts else []:
        yield Path(key), "a private key"
    feeds = settings.ingest.feeds
    if feeds is not None and _holds_secrets(_read_toml(feeds)):
        yield feeds, "URLs with secrets"
    sources = settings.ingest.sources
    if sources is not None and _holds_secrets(_read_toml(sources)):
        yield sources, "secrets"


def _read_toml(path: Path) -> Mapping[str, Any]:
    """Return the content; nothing where it can't be read: what loads the file reports that."""
    try:
        if path.stat().st_size > _MOST_FILE_BYTES:
            return {}
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}


def _holds_secrets(value: object, key: str = "") -> bool:
    if isinstance(value, Mapping):
        return any(_holds_secrets(item, str(name)) for name, item in value.items())
    if isinstance(value, list):
        return any(_holds_secrets(item, key) for item in value)
    if not isinstance(value, str) or not value or value.startswith(SECRET_REFERENCE):
        return False
    return key.lower().endswith(_SECRET_KEYS) or ("://" in value and redact_url(value) != value)


def _open_mode(path: Path, bits: int) -> int | None:
    """Return the mode of `path` if others have one of `bits` and may enter every folder above it; else None."""
    try:
        real = path.resolve()
        mode = stat.S_IMODE(real.stat().st_mode)
        entered = all(folder.stat().st_mode & _OTHERS_ENTER for folder in real.parents)
    except (OSError, RuntimeError):
        return None
    return mode if mode & bits and entered else None


def _is_mounted(file: Path) -> bool:
    """Whether the file, or the folder that it is in, is a mount of a container."""
    return os.path.ismount(file) or os.path.ismount(file.parent) or (file.parent / _KUBERNETES_LINK).exists()
