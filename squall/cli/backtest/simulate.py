"""`squall backtest simulate`."""

from __future__ import annotations

from typing import Annotated

import typer

from squall.cli.options import AsJson
from squall.cli.output import echo, print_json
from squall.cli.progress import progress_bar

_QUICK_DAYS = 10


def simulate(
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random numbers; the same seed gives the same result.")] = 1,
    scenario: Annotated[list[str] | None, typer.Option("--scenario", metavar="NAME", help="Only this scenario; repeatable.")] = None,
    days: Annotated[int, typer.Option(help="Days to evaluate in each market, after four weeks of history.")] = 30,
    quick: Annotated[
        bool, typer.Option("--quick", help=f"Evaluate {_QUICK_DAYS} days: a third of the time, and less precise figures.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the detector with common methods.

    All methods are set to the same rate of false alarms on simulated markets with known outbreaks. Each market has twenty series with
    daily and weekly seasons, trends and overdispersion. The events are outbreaks of several sizes and shapes, shifts of sentiment at
    constant volume, and surges of volume that must not raise an alert. Takes minutes; docs/backtesting.md explains the method.

    \b
    Examples:
      squall backtest simulate
      squall backtest simulate --quick --scenario step --scenario surge
      squall backtest simulate --seed 7 --json > simulated.json
    """
    from squall.backtest.simulation.comparison import compare
    from squall.backtest.simulation.scenarios import find_scenarios
    from squall.backtest.simulation.summary import report

    with progress_bar() as show:
        result = compare(find_scenarios(scenario or []), seed, _QUICK_DAYS if quick else days, progress=show)
    if as_json:
        print_json(result.as_dict(), indent=True)
    else:
        echo(report(result))
