"""The settings tree: `SQUALL_` environment variables over a TOML file over these defaults."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError, TomlConfigSettingsSource

from squall.core.config.alerts import AlertSettings
from squall.core.config.kafka import KafkaSettings
from squall.core.config.secret_files import SecretFilesSource, secret_names
from squall.core.config.sections import Positive, Seconds, Section
from squall.core.config.store import StoreSettings
from squall.core.errors import ConfigurationError

CONFIG_VARIABLE = "SQUALL_CONFIG"
DEFAULT_CONFIG = "squall.toml"
PREFIX = "SQUALL_"

_PASSWORD = re.compile(r"(://[^/:@]*:).*@", re.DOTALL)
"""Up to the last @: a password with / or # in it cuts a URL short for its parser, but must not be shown either."""
_FIELD = re.compile(r'field "(\w+)"')


class ModelSettings(Section):
    """The scoring engine."""

    path: Path | None = Field(None, description="folder of a checkpoint; empty: the shipped weights")
    precision: Literal["auto", "fp32", "bf16", "int8"] = Field(
        "auto", description="auto: bf16 where the processor has it, else int8, else fp32"
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where the network runs; auto: a GPU if there is one")
    backend: Literal["auto", "eager", "ragged", "compile", "cuda_graphs", "onnx"] = Field(
        "auto", description="how the network is run; auto: ragged or else eager on a CPU, CUDA graphs or else eager on a GPU"
    )
    max_tokens: Annotated[int, Field(ge=16, le=512)] = Field(128, description="longer texts are cut here")
    batch_tokens: Annotated[int, Field(ge=0)] = Field(0, description="token budget of one pass; 0: 2048 on a CPU, 32768 on a GPU")
    max_wait_ms: Annotated[float, Field(ge=0, le=1000)] = Field(
        2.0, description="longest wait for a batch to fill while several callers are at it"
    )
    queue_tokens: Positive = Field(65_536, description="tokens that may wait for the network; callers beyond are held back")
    threads: Annotated[int, Field(ge=0)] = Field(0, description="CPU threads; 0: one per core")


class ProcessorSettings(Section):
    """Micro-batches and what happens when things go wrong."""

    batch_documents: Positive = Field(512, description="most documents in one micro-batch")
    batch_tokens: Positive = Field(65_536, description="most tokens (estimated) in one micro-batch")
    batch_wait_seconds: Seconds = Field(0.5, description="longest wait for a micro-batch to fill")
    max_consecutive_rejects: Positive = Field(1000, description="more rejects in a row than this, in one partition, stop the worker")
    max_reject_ratio: Annotated[float, Field(gt=0, le=1)] = Field(
        0.75, description="a higher ratio of rejects among the last `reject_window` items of one partition stops the worker; 1: never"
    )
    reject_window: Positive = Field(2000, description="items per partition over which `max_reject_ratio` is measured")
    retry_max_seconds: Seconds = Field(30.0, description="longest pause between retries while the store is down")


class FileSourceSettings(Section):
    """A file that `squall up` reads, and keeps its place in."""

    path: Path
    kind: Literal["news", "social"] = "news"
    source: str = Field("", description="empty: the file's name without extensions")


class IngestSettings(Section):
    """Sources."""

    feeds: Path | None = Field(None, description="TOML file of feeds for `squall up`")
    files: tuple[FileSourceSettings, ...] = Field((), description="files for `squall up`")
    user_agent: str = Field("squall/0.1 (+https://example.invalid/squall)", description="how feeds are asked for; name yourself")
    request_timeout_seconds: Seconds = Field(20.0, description="for one feed")
    max_feed_bytes: Positive = Field(5_000_000, description="a feed longer than this is given up")
    host_interval_seconds: Seconds = Field(1.0, description="least pause between two requests to one host")


class PushSettings(Section):
    """The HTTP door."""

    enabled: bool = Field(False, description="open it inside `squall up`")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8088, description="0: any free port")
    token: SecretStr = Field(SecretStr(""), description="bearer token; required beyond loopback")
    max_body_bytes: Positive = Field(5_000_000, description="a longer request is refused")
    max_pending: Positive = Field(10_000, description="documents waiting for acknowledgement before 429")
    ack_timeout_seconds: Seconds = Field(10.0, description="longest wait until documents are safe, before 503")


class DetectorSettings(Section):
    """When is it more than history explains?"""

    method: Literal["seasonal", "z-score", "threshold"] = Field(
        "seasonal", description="how a spike is told; the others are for comparison"
    )
    market: bool = Field(True, description="watch all topics together as well; an alert about them mutes those of single topics")
    symbols: tuple[str, ...] = Field((), description="watched beside the topics, for example AAPL")
    sectors: dict[str, tuple[str, ...]] = Field({}, description="name = symbols, watched as one series each")
    threshold_documents: Positive = Field(50, description="of the method `threshold`")
    grace_minutes: Annotated[int, Field(ge=0, le=1440)] = Field(
        30, description="event time for which text that comes after its minute was judged still opens an alert"
    )
    no_data_p_value: Annotated[float, Field(ge=0, lt=0.5)] = Field(
        1e-6, description="of so little from a source, to tell that it stopped; 0: never"
    )
    lease_seconds: Seconds = Field(180.0, description="how long a detector that died keeps another one waiting")
    interval_seconds: Seconds = Field(60.0, description="wall time between two runs")
    step_minutes: Annotated[int, Field(ge=1, le=60)] = Field(1, description="event time between two evaluations")
    history_days: Annotated[int, Field(ge=2, le=90)] = Field(28, description="what the baseline may look at")
    min_history_hours: Positive = Field(24, description="no alerts before this much history")
    guard_minutes: Positive = Field(240, description="recent event time left out of the baseline; at least the longest window")
    settle_seconds: Annotated[float, Field(ge=0)] = Field(120.0, description="event time allowed for late text")
    idle_seconds: Seconds = Field(10.0, description="wall time after which a quiet, read-up partition holds nothing back")
    window_minutes: Annotated[int, Field(ge=5, le=1440)] = Field(
        60, description="longest window of the burst test; shorter ones, down to a twelfth, are looked at as well"
    )
    p_value: Annotated[float, Field(gt=0, lt=0.5)] = Field(1e-6, description="of count and share together, to open an alert for a burst")
    min_documents: Positive = Field(8, description="fewest negative documents in a window of the burst test")
    slow_window_minutes: Annotated[int, Field(ge=0, le=2880)] = Field(
        720, description="longest window of the burn test, for what builds up; its half and quarter too; 0: none"
    )
    slow_p_value: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        5e-4, description="of count and share together in a long window; few of those are independent"
    )
    slow_min_documents: Positive = Field(20, description="fewest negative documents in a window of the burn test")
    min_ratio: Annotated[float, Field(ge=1)] = Field(1.5, description="least observed/expected, in any window")
    for_minutes: Annotated[int, Field(ge=0)] = Field(
        5, description="a breach of the window lasts this long before it fires; of the slow window, longer in proportion"
    )
    resolve_minutes: Positive = Field(60, description="calm lasts this long before it resolves")


class WebSettings(Section):
    """The live page and its JSON API."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8080, description="0: any free port")
    token: SecretStr = Field(SecretStr(""), description="bearer token; required beyond loopback")


class MetricsSettings(Section):
    """Metrics and probes over HTTP, for Prometheus and Kubernetes."""

    host: str = Field("127.0.0.1", description="address to listen on; the endpoint is open to whoever reaches it")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(0, description="serves /metrics, /livez and /readyz; 0: off")
    patience_seconds: Seconds = Field(300.0, description="silence of a working part after which /livez fails")


class LogSettings(Section):
    """Logs on standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="the least that is written")
    format: Literal["text", "json"] = Field("text", description="json: one object a line")


class Settings(BaseSettings):
    """Everything Squall can be told."""

    model_config = SettingsConfigDict(
        env_prefix="SQUALL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        validate_default=True,
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Field(Path("squall-data"), description="embedded store, cursors and outbox live here")
    allow_plaintext: bool = Field(False, description="Kafka, store and mail server on other machines may be reached without TLS")
    kafka: KafkaSettings = KafkaSettings()
    store: StoreSettings = StoreSettings()
    model: ModelSettings = ModelSettings()
    processor: ProcessorSettings = ProcessorSettings()
    ingest: IngestSettings = IngestSettings()
    push: PushSettings = PushSettings()
    detector: DetectorSettings = DetectorSettings()
    alerts: AlertSettings = AlertSettings()
    web: WebSettings = WebSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()

    @field_validator("data_dir")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return value.expanduser()

    @model_validator(mode="after")
    def _tell_links(self) -> Self:
        for link in (self.kafka, self.store, self.alerts):
            link.allow_plaintext(self.allow_plaintext)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = config_path()
        toml = (TomlConfigSettingsSource(settings_cls, toml_file=path),) if path else ()
        return (init_settings, env_settings, SecretFilesSource(settings_cls), *toml)

    @property
    def store_url(self) -> str:
        """The store's URL with its password: never log it, use `redact_url`.

        Raises:
            ConfigurationError: it leads to another machine in plaintext, and `allow_plaintext` is not set.
        """
        return self.store.full_url() or f"chdb://{(self.data_dir / 'chdb').resolve()}"

    @property
    def outbox(self) -> Path:
        """Folder for `.eml` files when there is no SMTP host."""
        return self.alerts.outbox or self.data_dir / "outbox"


def config_path() -> Path | None:
    """Return the TOML file in use: `SQUALL_CONFIG`, else `squall.toml` in the working directory if it exists."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise ConfigurationError(f"{CONFIG_VARIABLE} names {named}, which is not a file", "correct the path or unset it")
        return Path(named)
    default = Path(DEFAULT_CONFIG)
    return default if default.is_file() else None


def redact_url(url: str) -> str:
    """Return `url` with its password replaced by `***`."""
    return _PASSWORD.sub(r"\1***@", url)


def _complaint(error: dict[str, Any]) -> str:
    path = ".".join(str(part) for part in error["loc"])
    variable = "SQUALL_" + "__".join(str(part) for part in error["loc"]).upper()
    message = error["msg"]
    if error["type"] == "extra_forbidden":
        message = "is not a setting"
    return f"{path} ({variable}): {message}"


def _refuse_unknown_sections() -> None:
    """pydantic sees a misspelt key only inside a section that it knows; names without `__` may be others' (Kubernetes sets some)."""
    for name in (*os.environ, *secret_names()):
        section, nested, _ = name.upper().removeprefix(PREFIX).partition("__")
        if name.upper().startswith(PREFIX) and nested and section.lower() not in Settings.model_fields:
            raise ConfigurationError(f"{name}: {section.lower()} is not a section of the settings", "sections: " + ", ".join(_sections()))


def _sections() -> list[str]:
    return [name for name, field in Settings.model_fields.items() if isinstance(field.default, Section)]


def _not_json(error: SettingsError) -> str:
    """Name the environment variables that may be meant: pydantic names only the section, and never the value."""
    found = _FIELD.search(str(error))
    prefix = PREFIX + (found[1].upper() if found else "")
    names = sorted(name for name in (*os.environ, *secret_names()) if name.upper().startswith(prefix))
    return f"{' or '.join(names) or prefix}: a value that must be JSON is not"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        ConfigurationError: a value is wrong or a key unknown; names the key, the variable and what is allowed.
    """
    _refuse_unknown_sections()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [_complaint(dict(item)) for item in error.errors(include_url=False, include_input=False)]
        raise ConfigurationError("; ".join(lines), "correct the environment variable or the TOML file") from None
    except SettingsError as error:
        raise ConfigurationError(
            _not_json(error), 'write a list as ["one", "two"]; a section\'s key has two underscores before it'
        ) from None
    except ValueError as error:  # broken TOML
        raise ConfigurationError(f"{config_path()}: {error}", "correct the TOML file") from error
