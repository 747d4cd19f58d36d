"""`squall backtest simulate` and `squall backtest series`: the detector on made-up markets, and on anybody's series."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from squall.core.config.loading import load_settings
from squall.core.errors import ConfigurationError

_QUICK_DAYS = 10


def simulate(
    seed: Annotated[int, typer.Option(min=0, help="Of the random numbers; the same one gives the same result.")] = 1,
    scenario: Annotated[list[str] | None, typer.Option("--scenario", metavar="NAME", help="Only this one; repeatable.")] = None,
    days: Annotated[int, typer.Option(help="Days to judge in each market, after four weeks of history.")] = 30,
    quick: Annotated[bool, typer.Option("--quick", help=f"Judge {_QUICK_DAYS} days: a third of the time, and rougher numbers.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")] = False,
) -> None:
    """Let the detector and what others use judge simulated markets with known outbreaks, at the same rate of false alarms.

    Markets have twenty series with daily and weekly seasons, trends and more scatter than chance; events are outbreaks of several sizes and
    shapes, turns of mood at constant volume, and surges of volume that must raise no alert. Takes minutes; docs/backtesting.md explains it.

    \b
    Examples:
      squall backtest simulate
      squall backtest simulate --quick --scenario step --scenario surge
      squall backtest simulate --seed 7 --json > simulated.json
    """
    from squall.backtest.simulation.comparison import compare
    from squall.backtest.simulation.scenarios import find_scenarios
    from squall.backtest.simulation.summary import report

    def tell(what: str, fraction: float) -> None:
        typer.echo(f"squall: {what} judged, {fraction:.0%}", err=True)

    result = compare(find_scenarios(scenario or []), seed, _QUICK_DAYS if quick else days, progress=tell)
    typer.echo(orjson.dumps(result.as_dict(), option=orjson.OPT_INDENT_2).decode() if as_json else report(result))


def series(
    path: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A CSV file with the columns timestamp and value, sorted by time.")],
    alarm_p: Annotated[
        float | None,
        typer.Option("--alarm-p", metavar="P", help="An alarm is a score of at least −log10 of this; default: the detector's p_value."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every row as JSON on standard output.")] = False,
) -> None:
    """Run the detector over any series of counts, one value per bucket: is a value higher than the ones before it explain?

    Strictly causal: what is said of a row depends on the rows up to it. The first day is only listened to. A bucket of a minute to an hour
    is put on the clock of its timestamps; a longer one is taken for an hour, a shorter one for five minutes, so that it has no season.

    \b
    Examples:
      squall backtest series requests.csv
      squall backtest series requests.csv --json --alarm-p 1e-8
    """
    from squall.backtest.series.series_file import load_series
    from squall.backtest.series.series_scores import score_series

    limits = load_settings().detector
    if alarm_p is not None and not 0 < alarm_p < 1:
        raise ConfigurationError(f"--alarm-p: {alarm_p} is not a probability", "give a number between 0 and 1, for example 1e-6")
    buckets = score_series(load_series(path), limits, alarm_p)
    if as_json:
        typer.echo(orjson.dumps({"buckets": [bucket.as_dict() for bucket in buckets]}).decode())
        return
    alarms = [bucket for bucket in buckets if bucket.alarm]
    typer.echo(f"{len(buckets):,} rows, {len(alarms):,} of them alarms")
    for bucket in alarms:
        typer.echo(f"  {bucket.timestamp:26} {bucket.value:12g} seen {bucket.expected:12.4g} expected   score {bucket.score:.1f}")
