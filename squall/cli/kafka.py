"""`squall kafka`: the topics on the broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from squall.cli.run import require_broker
from squall.core.config.loading import load_settings

if TYPE_CHECKING:
    from squall.core.kafka.topics import Difference, TopicReport

app = typer.Typer(help="Kafka: make the topics as they should be, and look at them.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def kafka() -> None:
    """Keep `setup` a command of its own: Typer would take the only one for the whole."""


@app.command()
def setup(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing, say what would be done.")] = False,
    grow: Annotated[
        bool, typer.Option("--grow", help="Add partitions where there are too few. Keys then go to other partitions than before.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Set retention and other configs of existing topics that differ.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Create the documents and dead-letter topics where they are missing, and compare existing ones with the settings. Safe to run again.

    Partitions, replication and retention are SQUALL_KAFKA__PARTITIONS, __REPLICATION_FACTOR and __RETENTION_HOURS. Existing topics are left
    as they are unless --fix (configs) or --grow (partitions) is given; the replication factor only Kafka's own tools change.
    With --grow a document that is published again may land on another partition than before: it is still stored once, but two workers
    may meet it at the same time. Best done while nothing is published.
    Exit 0: as wanted, or (--dry-run) will be; 1: a difference is left, or the broker does not answer; 2: a setting is wrong or refused.

    \b
    Examples:
      squall kafka setup --dry-run
      squall kafka setup
      SQUALL_KAFKA__PARTITIONS=12 squall kafka setup --grow
    """
    from squall.core.kafka.topics import setup_topics

    settings = load_settings()
    require_broker(settings)
    reports = setup_topics(settings.kafka, allow_plaintext=settings.allow_plaintext, dry_run=dry_run, grow=grow, fix=fix)
    healthy = all(report.healthy for report in reports)
    if as_json:
        rows = [report.as_dict() for report in reports]
        typer.echo(orjson.dumps({"healthy": healthy, "dry_run": dry_run, "topics": rows}).decode())
    else:
        for report in reports:
            _print(report)
    if not healthy:
        raise typer.Exit(1)


def _print(report: TopicReport) -> None:
    shape = f"partitions {report.partitions}, copies {report.replication_factor}" if report.outcome.endswith("created") else ""
    typer.echo(f"{report.name}: {report.outcome}" + (f", {shape}" if shape else ""))
    for difference in report.differences:
        typer.echo(f"  {difference.item}: {difference.found}, wanted {difference.wanted}{_advice(difference)}")


def _advice(difference: Difference) -> str:
    if difference.corrected:
        return ""
    return {
        "grow": "; --grow adds them",
        "fix": "; --fix sets it",
        "by hand": "; change it with kafka-reassign-partitions.sh",
        "none needed": "; left, more do no harm",
    }[difference.remedy]
