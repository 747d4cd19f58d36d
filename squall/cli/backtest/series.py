"""`squall backtest series`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.core.errors import ConfigurationError


def series(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A CSV file with the columns timestamp and value, sorted by time.")],
    alarm_p: Annotated[
        float | None,
        typer.Option("--alarm-p", metavar="P", help="A score of at least −log10 P is an alarm; default: the detector's p_value."),
    ] = None,
    method: Annotated[
        Literal["return-period", "seasonal"],
        typer.Option(
            help="return-period: what the series' own past brings less often than once in the detector's return_days, one alarm a burst, "
            "for series that burst often; seasonal: what is improbable by the seasonal model, every such row, for series that don't."
        ),
    ] = "return-period",
    as_json: AsJson = False,
) -> None:
    """Run the detector over any series of counts.

    The file has one value per bucket; an alarm is a value that is higher than the earlier ones explain. The detector is strictly causal:
    the score of a row depends only on the rows up to it. The first day serves as history and raises no alarm. A bucket of a minute to an
    hour gets the seasons of its timestamps. A longer one is treated as an hour, a shorter one as five minutes, without a season. By the
    return period, an alarm is followed by another one only after a day without a row that would be one.

    \b
    Examples:
      squall backtest series requests.csv
      squall backtest series requests.csv --json --alarm-p 1e-8
      squall backtest series requests.csv --method seasonal
    """
    from squall.backtest.series.series_file import load_series
    from squall.backtest.series.series_scores import score_series

    detector = settings_of(context).detector
    if alarm_p is not None and not 0 < alarm_p < 1:
        raise ConfigurationError(f"--alarm-p: {alarm_p} is not a probability", "give a number between 0 and 1, for example 1e-6")
    buckets = score_series(load_series(path), detector, alarm_p, method)
    if as_json:
        print_json({"buckets": [bucket.as_dict() for bucket in buckets]})
        return
    alarms = [bucket for bucket in buckets if bucket.alarm]
    echo(f"{len(buckets):,} rows, {len(alarms):,} alarms")
    for bucket in alarms:
        echo(f"  {bucket.timestamp:26} {bucket.value:12g} observed {bucket.expected:12.4g} expected   score {bucket.score:.1f}")
