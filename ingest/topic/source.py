"""The type `kafka`: a topic that somebody else writes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, ValidationError

from squall.core.config.kafka import KafkaSettings, SaslMechanism, SecurityProtocol
from squall.core.config.sections import FrozenDict, ReadableFile
from squall.core.dates.publication_time import zone
from squall.core.errors import ConfigurationError, InvalidRecordError, SquallError
from squall.core.items import Batch, Item
from squall.core.records import Kind
from squall.ingest.documents import Defaults, build_document
from squall.ingest.registry.answer import SourceAnswer, answer_of
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.live import LiveSource
from squall.ingest.registry.source_type import Secret, SourceOptions, SourceType
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, Source, accepted, no_commit, rejected
from squall.ingest.topic.consumer import TopicConsumer
from squall.ingest.topic.decoding import decoder
from squall.ingest.topic.mapping import FieldMapping, Message

log = logging.getLogger(__name__)

_PARTITIONS_SECONDS: Final = 30.0
_SETTING: Final = "SQUALL_KAFKA__"


class KafkaOptions(SourceOptions):
    """Options of the type `kafka`."""

    bootstrap_servers: str = Field(min_length=1, description="host:port[,host:port]")
    topic: str = Field(min_length=1, description="to read")
    group: str = Field(
        "", description="consumer group that the position is stored for; empty: squall-NAME. One process reads all partitions"
    )
    start: Literal["latest", "earliest"] = Field("latest", description="where to begin where the group has no position")
    format: Literal["json", "avro"] = Field("json", description="of the values; avro is Confluent's form, with a schema registry")
    registry: str = Field("", repr=False, description="URL of the schema registry; a user and password may be in it")
    fields: Annotated[Mapping[str, str], FrozenDict] = Field(
        FrozenDict({}), description="field → path in the value such as payload.headline, or $key or $timestamp; others by their usual names"
    )
    source: str = Field("", description="source of documents whose messages name none; empty: the name of this source")
    kind: Literal["news", "social"] = Field("news", description="kind of documents whose messages name none")
    language: str = Field("und", description="language of documents whose messages name none")
    timezone: str = Field("UTC", description="of times without one: a zone's name, or reject")
    time_format: str = Field("", description="strptime format of the times; empty: the known forms")
    security: SecurityProtocol = Field("plaintext", description="encryption (tls), login (sasl); or Kafka's name, such as SASL_SSL")
    sasl_mechanism: SaslMechanism = Field("SCRAM-SHA-512", description="with a security of sasl_…")
    username: str = Field("", description="with a security of sasl_…; with OAUTHBEARER the client id")
    password: Secret | None = Field(None, description='of the user, or the client secret: "secret:NAME"')
    oauth_token_url: str = Field("", description="with OAUTHBEARER: token endpoint")
    oauth_scope: str = Field("", description="with OAUTHBEARER: scope to ask for; empty: that of the endpoint")
    ca_file: ReadableFile = Field(None, description="trusted CA certificates (PEM); none: those of the system")
    certificate_file: ReadableFile = Field(None, description="client certificate (PEM), if the broker requires one")
    key_file: ReadableFile = Field(None, description="private key (PEM) of the client certificate")
    key_password: Secret | None = Field(None, description="password of an encrypted private key")


class KafkaType(SourceType[KafkaOptions]):
    """The type `kafka`."""

    name: ClassVar[str] = "kafka"
    summary: ClassVar[str] = "a Kafka topic of your own: JSON, or Avro with a schema registry"
    Options = KafkaOptions
    example: ClassVar[str] = (
        'bootstrap_servers = "broker.example:9093"\n'
        'topic = "newsroom.items"\n'
        'security = "tls"\n'
        'fields = { title = "payload.headline", text = "payload.body", id = "$key" }'
    )

    def open(self, options: KafkaOptions, context: SourceContext) -> Source:
        """Return the source; see `SourceType`."""
        return KafkaTopicSource(options, context)

    def check(self, options: KafkaOptions, context: SourceContext, stop: threading.Event, seconds: float) -> SourceAnswer:
        """Read the last message of each partition; no position is stored."""
        return KafkaTopicSource(options, context).newest(stop, seconds)


class KafkaTopicSource(LiveSource):
    """Delivers the messages of a topic; the position is the group's committed offsets on the topic's own broker.

    Raises:
        ConfigurationError: an option is wrong, or the connection would be in plaintext and that is not allowed.
    """

    def __init__(self, options: KafkaOptions, context: SourceContext) -> None:
        super().__init__(context)
        self._options = options
        self._numbers = OriginNumbers(context.name, context.clock)
        self._mapping = FieldMapping(options.fields, options.time_format)
        self._decode = decoder(options.format, options.registry, context.http)
        self._defaults = Defaults(
            source=options.source or context.name,
            kind=Kind(options.kind),
            language=options.language,
            naive=zone(options.timezone),
            time_format=options.time_format,
        )
        self._in_known_forms = replace(self._defaults, time_format="")
        group = options.group or f"squall-{context.name}"
        settings = _settings(options)
        self._consumer = TopicConsumer(
            settings, options.topic, group, allow_plaintext=context.allow_plaintext, described=_in_terms_of_options
        )

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver messages as they come; see `squall.ingest.source.Source`.

        Raises:
            UnavailableError: the broker or the registry does not answer, or there is no such topic.
            ConfigurationError: one of them refuses.
        """
        self._stop = stop
        consumer, clock = self._consumer, self._context.clock
        for partition in consumer.start(self._options.start):
            self._context.report.gap()
            log.warning(
                "messages may be missing: the topic no longer has the stored position; it is read from its beginning",
                extra={"source": self.name, "topic": self._options.topic, "partition": partition},
            )
        looked, behind = clock.monotonic(), False
        while not self._is_over():
            messages = consumer.poll(BATCH_ITEMS)
            self._context.report.contact()
            if messages:
                items = [item for message in messages if (item := self._item(message, stop)) is not None]
                position = {message.partition: message.offset + 1 for message in messages}
                behind = not consumer.is_caught_up()
                yield Batch(items, partial(consumer.commit, position), caught_up=not behind)
            elif behind and consumer.is_caught_up():
                behind = False
                yield Batch([], no_commit, caught_up=True)
            if clock.monotonic() - looked >= _PARTITIONS_SECONDS:
                looked = clock.monotonic()
                consumer.find_new_partitions()

    def newest(self, stop: threading.Event, seconds: float) -> SourceAnswer:
        """Return what the last message of each partition is."""
        deadline = self._context.clock.monotonic() + seconds
        try:
            messages, lags = self._consumer.newest(stop, lambda: self._context.clock.monotonic() >= deadline)
            items = [item for message in messages if (item := self._item(message, stop)) is not None]
        finally:
            self.close()
        return answer_of(items, f"{len(lags)} partitions, {sum(lags.values()):,} messages to read")

    def close(self) -> None:
        """Disconnect; a commit still works."""
        super().close()
        self._consumer.close()

    def _item(self, message: Message, stop: threading.Event) -> Item | None:
        if message.value is None:  # a tombstone: a deletion in a compacted topic
            return None
        origin = self._numbers.next()
        place = f"{self._options.topic}, partition {message.partition}, offset {message.offset}"
        try:
            fields, in_known_form = self._mapping.fields(self._decode(message.value, stop), message)
            defaults = self._in_known_forms if in_known_form else self._defaults
            return accepted(origin, build_document(fields, defaults, self._context.clock.now()))
        except InvalidRecordError as error:
            return rejected(origin, InvalidRecordError(error.reason, f"{error.detail} ({place})"), message.value)
        except (SquallError, MemoryError):
            raise
        except Exception as error:
            log.exception("a message can't be read: %s", place, extra={"source": self.name})
            return rejected(origin, InvalidRecordError("unforeseen", f"{type(error).__name__} ({place})"), message.value)


def _settings(options: KafkaOptions) -> KafkaSettings:
    given: dict[str, Any] = {name: getattr(options, name) for name in _SHARED if getattr(options, name) is not None}
    try:
        return KafkaSettings(**given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        what = _in_terms_of_options(first["msg"].removeprefix("Value error, "))
        raise ConfigurationError(f"{where}: {what}" if where else what, "correct the source's options") from None


_SHARED: Final = (
    *("bootstrap_servers", "security", "sasl_mechanism", "username", "password", "oauth_token_url", "oauth_scope"),
    *("ca_file", "certificate_file", "key_file", "key_password"),
)
"""Options that mean what the settings of that name mean."""


def _in_terms_of_options(message: str) -> str:
    """Return one of our messages about the settings of Squall's own broker with the options of the source instead."""
    for name in _SHARED:
        message = message.replace(f"{_SETTING}{name.upper()}", name)
    return message
