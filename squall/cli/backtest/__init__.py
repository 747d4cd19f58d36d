"""`squall backtest`: one module per command; `squall backtest PATH` is `squall backtest documents PATH`."""

from typing import Any

import typer
from typer.core import TyperGroup

from squall.cli.backtest import documents, series, simulate

_DEFAULT = "documents"


class DefaultCommandGroup(TyperGroup):
    """A group whose first argument, when it names no command, is an argument of the default command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert the default command before an argument that is neither a command nor the help option."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=DefaultCommandGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Try the detector on history before you rely on it.

    `squall backtest PATH` is short for `squall backtest documents PATH`; see `squall backtest documents --help`.

    \b
    Examples:
      squall backtest news.jsonl.gz --events events.csv --out report
      squall backtest history/ --events events.csv --from 2011-07-15 --to 2011-09-01 --json
      squall backtest history/ --events events.csv --out report --sweep p_value=1e-3,1e-4,1e-5 --sweep window_minutes=30,60
      squall backtest simulate
      squall backtest series counts.csv --json
    """,
)
app.command(_DEFAULT)(documents.documents)
app.command("simulate")(simulate.simulate)
app.command("series")(series.series)
