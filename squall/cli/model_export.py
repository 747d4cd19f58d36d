"""`squall model export`: a checkpoint as ONNX."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import orjson
import typer

from squall.cli.model_parts import Checkpoint, Json, Texts, sample_texts
from squall.core.config.loading import load_settings

_COMPARED = 512


def export(
    onnx: Annotated[Path, typer.Option(metavar="OUT", help="Folder to write model.onnx, model.int8.onnx and what belongs to them into.")],
    model: Checkpoint = None,
    texts: Texts = None,
    as_json: Json = False,
) -> None:
    """Write a checkpoint as ONNX, fp32 and int8, and check that both score as it does.

    Fails when a probability of the fp32 file differs by more than 0.0001; of the int8 file it tells how many texts get the
    same labels. Use the result with SQUALL_MODEL__BACKEND=onnx and SQUALL_MODEL__PATH=OUT, or in any ONNX runtime: inputs are
    input_ids and attention_mask (int64, rows × tokens), outputs logits, one per task.
    """
    from squall.model.export.onnx import LEAST_AGREEMENT, export_onnx
    from squall.model.network import SHIPPED

    found = export_onnx(
        model or load_settings().model.path or SHIPPED,
        onnx,
        list(islice(sample_texts(texts), _COMPARED)),
        lambda line: typer.echo(line, err=True),
    )
    if as_json:
        typer.echo(orjson.dumps([asdict(item) for item in found]).decode())
        return
    for item in found:
        typer.echo(
            f"{item.precision:5} {item.path} {item.bytes / 1e6:.1f} MB: largest difference of a probability "
            f"{item.largest_difference:.2g}, same labels {item.same_labels:.2%} of {item.texts} texts"
        )
        if item.same_labels < LEAST_AGREEMENT:
            typer.echo(f"      fewer than {LEAST_AGREEMENT:.0%}: measure it with `squall model evaluate` before you use it", err=True)
