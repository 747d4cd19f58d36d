"""Settings of notifications: who is notified of an alert, when, and how. `docs/alerting.md` explains them with an example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from squall.core.config.sections import FrozenDict, Positive, PrivateHosts, ReadableFile, Seconds, Section
from squall.core.matchers import LONGEST
from squall.core.records import SeriesKind, Severity

DEFAULT_RECEIVER: Final = "default"
"""The receiver made from `alerts.to`: gets the alerts that no route matches."""
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class QuietSettings(Section):
    """Hours during which a route sends nothing; a digest follows at their end."""

    start: time = Field(description="local time, for example 22:00")
    end: time = Field(description="local time; on the next day unless later than `start`")
    zone: str = Field("UTC", description="IANA time zone, for example Europe/London")
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = Field(DAYS, description="days on which the quiet hours begin")
    critical_passes: bool = Field(True, description="critical alerts are sent nevertheless")

    @field_validator("start", "end")
    @classmethod
    def _local(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("must be a local time without an offset; set the time zone in `zone`")
        return value

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a time zone known to this machine; an example is Europe/London") from None
        return value


class ReceiverSettings(Section):
    """A recipient of notifications: by e-mail (`to`) or by webhook (`url`)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="lower-case letters, digits, - and _")
    to: tuple[str, ...] = Field((), description="e-mail addresses")
    url: str = Field("", pattern=r"^(https?://[^\s]+)?$", repr=False, description="http(s) address that accepts a JSON POST")
    secret: SecretStr = Field(SecretStr(""), description="signs the requests to the webhook (HMAC-SHA256)")
    timeout_seconds: Seconds = Field(10.0, description="from the first look-up of the host to the answer of the webhook")
    max_per_hour: Positive | None = Field(None, description="most messages per hour; empty: alerts.max_per_hour")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.to) == bool(self.url):
            raise ValueError(f"receiver {self.name!r} needs either `to` (e-mail addresses) or `url` (a webhook)")
        if self.secret.get_secret_value() and not self.url:
            raise ValueError(f"receiver {self.name!r} has a `secret`, which applies only to a webhook")
        return self


class RouteSettings(Section):
    """Which alerts go to a receiver. An empty condition matches everything; all conditions of a route must match."""

    model_config = ConfigDict(populate_by_name=True)

    topics: tuple[Annotated[str, Field(max_length=LONGEST)], ...] = Field(
        (), description="patterns with * and ? for the name of the series, case-insensitive"
    )
    kinds: tuple[SeriesKind, ...] = Field((), description="topic, symbol, sector, market, source")
    severities: tuple[Severity, ...] = Field((), description="warning, critical")
    receiver: str
    goes_on: bool = Field(False, alias="continue", description="later routes are evaluated too")
    quiet: QuietSettings | None = None


class AlertSettings(Section):
    """Who is notified of alerts, when, and how."""

    outbox: Path | None = Field(None, description="folder for copies of mails (.eml); empty and no SMTP host: data_dir/outbox")
    smtp_host: str = Field("", description="mail server; empty: mails are only written to the outbox folder")
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(25, description="usually 587 with starttls, 465 with tls")
    smtp_user: str = Field("", description="empty: no login")
    smtp_password: SecretStr = Field(SecretStr(""), description="password of smtp_user")
    smtp_security: Literal["none", "starttls", "tls"] = Field("none", description="encryption of the connection")
    smtp_ca_file: ReadableFile = Field(None, description="trusted CA certificates (PEM); empty: those of the system")
    smtp_timeout_seconds: Seconds = Field(15.0, description="longest time for one mail as a whole, from connecting to the last reply")
    sender: str = Field("squall@localhost", description="From: address; the key `from` is accepted too")
    to: Annotated[tuple[str, ...], Field(min_length=1)] = Field(("risk@localhost",), description="To: addresses of the default receiver")
    link_base: str = Field("", repr=False, description="URL of the live page or dashboard that mails link to")
    group_by: tuple[Literal["topic", "kind"], ...] = Field((), description="one message per value of these; empty: one per receiver")
    group_wait_seconds: Annotated[float, Field(ge=0)] = Field(30.0, description="wait for more alerts before the first message of a group")
    group_interval_seconds: Seconds = Field(300.0, description="minimum time between two messages about one group")
    repeat_interval_seconds: Seconds = Field(14_400.0, description="repeat the message while alerts fire and are unacknowledged")
    history_after_seconds: Annotated[float, Field(ge=0)] = Field(
        86_400.0, description="event time this far behind the wall clock is history, about which nothing is sent"
    )
    notify_history: bool = Field(False, description="send messages about history as well")
    max_per_hour: Positive = Field(20, description="most messages per receiver; the rest is collected in one digest")
    private_hosts: PrivateHosts = Field((), description="hosts of webhooks that may resolve to a private address, as host or host:port")
    receivers: tuple[ReceiverSettings, ...] = Field((), description="further receivers besides `to`, which routes name")
    routes: tuple[RouteSettings, ...] = Field((), description="evaluated in order; the first that matches takes the alert")

    @model_validator(mode="before")
    @classmethod
    def _from(cls, data: Any) -> Any:
        """Not an alias: beside one, the default that comes in under the field's name would be an unknown key."""
        if isinstance(data, dict) and "from" in data:
            return {key: value for key, value in data.items() if key != "from"} | {"sender": data["from"]}
        return data

    @model_validator(mode="after")
    def _known_receivers(self) -> Self:
        names = Counter(receiver.name for receiver in self.receivers)
        twice = [name for name, times in names.items() if times > 1]
        if twice:
            raise ValueError(f"names of receivers must be unique; {', '.join(twice)} occurs twice")
        if DEFAULT_RECEIVER in names:
            raise ValueError(f"the receiver {DEFAULT_RECEIVER!r} is made from alerts.to: give yours another name")
        unknown = sorted({route.receiver for route in self.routes} - set(names) - {DEFAULT_RECEIVER})
        if unknown:
            known = ", ".join([*names, DEFAULT_RECEIVER])
            raise ValueError(f"a route names the receiver {unknown[0]!r}, which is none of: {known}")
        return self

    @cached_property
    def by_name(self) -> Mapping[str, ReceiverSettings]:
        """All receivers, the default one first."""
        default = ReceiverSettings(name=DEFAULT_RECEIVER, to=self.to)
        return FrozenDict({receiver.name: receiver for receiver in (default, *self.receivers)})
