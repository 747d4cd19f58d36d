"""`squall doctor`."""

from __future__ import annotations

import logging

import typer

from squall.cli.options import AsJson, global_options
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Check every part and print what to do.

    The parts are configuration, broker, store, your own table of entities, model and e-mail. Exit 1 when a check fails.
    """
    from squall.app.doctor import examine
    from squall.operator.opening import read_store_status

    options = global_options(context)
    logging.disable(logging.CRITICAL)  # the checks say more than the warnings of the clients
    try:
        checks = examine(options.load, options.file, SystemClock(), read_store_status)
    finally:
        logging.disable(logging.NOTSET)
    if as_json:
        print_json([check.as_dict() for check in checks], indent=True)
    else:
        for check in checks:
            echo(f"{check.mark} {check.part:14} {check.state}")
            if check.hint:
                echo(f"  {'':14} → {check.hint}")
    raise typer.Exit(1 if any(not check.healthy for check in checks) else 0)
