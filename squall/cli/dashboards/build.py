"""`squall dashboards build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squall.cli.output import echo
from squall.core.errors import ConfigurationError


def build(
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write to this folder; default: the folder that ships with Squall.")
    ] = None,
) -> None:
    """Write the dashboards as JSON files.

    They are for Grafana's file provisioning or a manual import.

    \b
    Examples:
      squall dashboards build
      squall dashboards build --out /var/lib/grafana/dashboards/squall
    """
    from squall.dashboards.grafana.build import FOLDER, write

    folder = out or FOLDER
    try:
        paths = write(folder)
    except OSError as error:
        raise ConfigurationError(f"cannot write to {folder}: {error.strerror}", "name a writable folder: --out FOLDER") from None
    for path in paths:
        echo(f"wrote {path}")
