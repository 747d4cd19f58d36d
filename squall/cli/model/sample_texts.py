"""What the commands of `squall model` share: options, texts to try a model on, a table of scores."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from squall.core.errors import ConfigurationError

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Checkpoint = Annotated[Path | None, typer.Option("--model", help="Checkpoint folder; default: SQUALL_MODEL__PATH, else the shipped one.")]
Texts = Annotated[
    Path | None, typer.Option(help="Texts: plain lines, or .jsonl[.gz] with title or text. Default: the demo stream's headlines.")
]


def sample_texts(path: Path | None) -> Iterator[str]:
    """Yield the texts of a file, or those of the demo's stream.

    Raises:
        ConfigurationError: not readable, or a line that is no JSON object; names it.
    """
    return _read(path) if path else _bundled()


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def print_scores(found: dict[str, Any]) -> None:
    """Print one task's metrics for people."""
    shown = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1", "macro_f1": "macro F1"}
    shown |= {"weighted_f1": "weighted F1", "ece": "calibration error"}
    typer.echo("  " + "   ".join(f"{name} {found[key]:.4f}" for key, name in shown.items() if key in found))
    width = max(len(name) for name in found["classes"])
    typer.echo(f"  {'':{width}}  precision  recall   rows")
    for name, scores in found["classes"].items():
        typer.echo(f"  {name:{width}}  {scores['precision']:9.3f}  {scores['recall']:6.3f}  {scores['support']:5d}")


def _read(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                text = _field(path, number, line) if ".jsonl" in path.suffixes else line.strip()
                if text:
                    yield text
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}", "give a UTF-8 text file") from error


def _field(path: Path, number: int, line: str) -> str:
    try:
        body = orjson.loads(line)
        return str(body.get("title") or body.get("text") or "")
    except (orjson.JSONDecodeError, AttributeError):
        raise ConfigurationError(f"{path}, line {number}: no JSON object", "each line is an object with title or text") from None


def _bundled() -> Iterator[str]:
    from squall.ingest.synthetic.stream import generate

    for record in generate():
        if record.expected == "document":
            body = orjson.loads(record.line)
            if text := str(body.get("title") or body.get("text") or ""):
                yield text
