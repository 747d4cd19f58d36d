"""`squall kafka setup`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from squall.cli.options import AsJson, DryRun, settings_of
from squall.cli.output import echo, print_json

if TYPE_CHECKING:
    from squall.core.kafka.topics import Difference, TopicReport

app = typer.Typer(help="Create and compare the Kafka topics.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def kafka() -> None:
    """Keep `setup` a subcommand: Typer merges an only command with its group."""


@app.command()
def setup(
    context: typer.Context,
    dry_run: DryRun = False,
    grow: Annotated[
        bool, typer.Option("--grow", help="Add partitions where there are too few. Keys then map to other partitions than before.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Change retention and other configs of existing topics that differ.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create missing topics, and compare the others.

    The topics are those of documents and dead letters. Partitions, replication and retention are SQUALL_KAFKA__PARTITIONS,
    __REPLICATION_FACTOR and __RETENTION_HOURS. An existing topic is changed only with --fix (configs) or --grow (partitions). Only
    Kafka's own tools change the replication factor. After --grow a document that is published again may reach another partition than
    before: it is still stored once, but two workers may process it at the same time. Use --grow while nothing is published.
    Safe to run again. Exit 0: the topics match, or would (--dry-run); 1: a difference remains, or the broker does not answer; 2: a
    setting is wrong or refused.

    \b
    Examples:
      squall kafka setup --dry-run
      squall kafka setup
      SQUALL_KAFKA__PARTITIONS=12 squall kafka setup --grow
    """
    from squall.core.kafka.topics import setup_topics

    settings = settings_of(context, broker=True)
    reports = setup_topics(settings.kafka, allow_plaintext=settings.allow_plaintext, dry_run=dry_run, grow=grow, fix=fix)
    healthy = all(report.healthy for report in reports)
    if as_json:
        print_json({"healthy": healthy, "dry_run": dry_run, "topics": [report.as_dict() for report in reports]})
    else:
        for report in reports:
            _print(report)
    if not healthy:
        raise typer.Exit(1)


def _print(report: TopicReport) -> None:
    shape = f"partitions {report.partitions}, replicas {report.replication_factor}" if report.outcome.endswith("created") else ""
    echo(f"{report.name}: {report.outcome}" + (f", {shape}" if shape else ""))
    for difference in report.differences:
        echo(f"  {difference.item}: {difference.found}, wanted {difference.wanted}{_advice(difference)}")


def _advice(difference: Difference) -> str:
    if difference.corrected:
        return ""
    return {
        "grow": "; add them with --grow",
        "fix": "; change it with --fix",
        "by hand": "; change it with kafka-reassign-partitions.sh",
        "none needed": "; not changed, more partitions do no harm",
    }[difference.remedy]
