"""The settings tree: immutable values, checked together. `squall.core.config.loading` reads them from files and the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from squall.core.config.alerts import AlertSettings
from squall.core.config.detector import DetectorSettings
from squall.core.config.entities import EntitySettings
from squall.core.config.ingest import FileSourceSettings, IngestSettings, PushSettings, PushTokenSettings
from squall.core.config.kafka import KafkaSettings
from squall.core.config.model import ModelSettings
from squall.core.config.observability import LogSettings, MetricsSettings
from squall.core.config.processor import ProcessorSettings
from squall.core.config.sections import Section
from squall.core.config.store import StoreSettings
from squall.core.config.web import WebSettings

__all__ = [
    "AlertSettings",
    "DetectorSettings",
    "EntitySettings",
    "FileSourceSettings",
    "IngestSettings",
    "KafkaSettings",
    "LogSettings",
    "MetricsSettings",
    "ModelSettings",
    "ProcessorSettings",
    "PushSettings",
    "PushTokenSettings",
    "Settings",
    "StoreSettings",
    "WebSettings",
]


class Settings(Section):
    """Settings that all parts share.

    Constructing one reads nothing, neither the environment nor a file: that is `squall.core.config.loading.load_settings`.
    """

    data_dir: Path = Field(Path("squall-data"), description="folder of the embedded store, the cursors and the outbox")
    allow_plaintext: bool = Field(
        False, description="allow unencrypted connections to Kafka, the store, the mail server and webhooks on other machines"
    )
    kafka: KafkaSettings = KafkaSettings()
    store: StoreSettings = StoreSettings()
    model: ModelSettings = ModelSettings()
    entities: EntitySettings = EntitySettings()
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

    @property
    def store_url(self) -> str:
        """The store's URL with its password: never log it, use `redact_url`.

        Raises:
            ConfigurationError: it leads to another machine in plaintext, and `allow_plaintext` is not set.
        """
        return self.store.full_url(allow_plaintext=self.allow_plaintext) or f"chdb://{(self.data_dir / 'chdb').resolve()}"

    @property
    def outbox(self) -> Path:
        """Folder for `.eml` files when there is no SMTP host."""
        return self.alerts.outbox or self.data_dir / "outbox"
