"""`squall model export`."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from squall.cli.model.pytorch import require_torch
from squall.cli.model.sample_texts import sample_texts
from squall.cli.options import AsJson, Checkpoint, SampleTexts, settings_of
from squall.cli.output import echo, print_json

_COMPARED = 512


def export(
    context: typer.Context,
    onnx: Annotated[Path, typer.Option(metavar="OUT", help="Write model.onnx, model.int8.onnx and their files to this folder.")],
    checkpoint: Checkpoint = None,
    texts: SampleTexts = None,
    as_json: AsJson = False,
) -> None:
    """Export a checkpoint to ONNX, fp32 and int8.

    Fails when a probability of the fp32 file differs from the checkpoint's by more than 0.0001. For the int8 file the share of texts with
    the same labels is printed. Use the result with SQUALL_MODEL__BACKEND=onnx and SQUALL_MODEL__PATH=OUT, or in any ONNX runtime: the
    inputs are input_ids and attention_mask (int64, rows × tokens), the outputs are logits, one per task. Where config.json has a mixture,
    its task is answered by (1 - g) * softmax(task) + g * softmax(other), with g the second probability of the gate.
    """
    require_torch("the export", "export")
    from squall.model.checkpoint import SHIPPED
    from squall.model.export.onnx import LEAST_AGREEMENT, export_onnx

    found = export_onnx(
        checkpoint or settings_of(context).model.path or SHIPPED,
        onnx,
        list(islice(sample_texts(texts), _COMPARED)),
        lambda line: echo(line, err=True),
    )
    if as_json:
        print_json([asdict(item) for item in found])
        return
    for item in found:
        echo(
            f"{item.precision:5} {item.path} {item.bytes / 1e6:.1f} MB: largest difference of a probability "
            f"{item.largest_difference:.2g}, same labels for {item.same_labels:.2%} of {item.texts} texts"
        )
        if item.same_labels < LEAST_AGREEMENT:
            echo(f"      less than {LEAST_AGREEMENT:.0%}: evaluate it with `squall model evaluate` before you use it", err=True)
