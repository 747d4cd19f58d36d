"""The progress bar of every long command, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from squall.cli.output import print_note

ReportProgress = Callable[[str, float | None], None]
"""Called with a description and the fraction that is done, 0 to 1; None: it is not known how much there is.

A description is `stage: counts`; the counts may change from call to call.
"""


@contextmanager
def progress_bar() -> Iterator[ReportProgress]:
    """Yield the function that moves the bar. Where standard error is no terminal, a line is printed at each tenth of each stage instead."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    printed: set[tuple[str, int]] = set()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)

        def report(description: str, fraction: float | None) -> None:
            if console.is_terminal:
                bar.update(task, description=description, completed=fraction or 0, total=None if fraction is None else 1.0)
            elif fraction is not None and (step := (description.partition(":")[0], int(fraction * 10))) not in printed:
                printed.add(step)
                print_note(f"{description}, {fraction:.0%}")

        yield report
