"""Settings of notifications: who is notified of an alert, when, and how. `docs/alerting.md` explains them with an example."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from squall.core.config.sections import FrozenDict, Positive, PrivateHosts, ReadableFile, Seconds, Section
from squall.core.matchers import LONGEST
from squall.core.net.mail_addresses import mail_addresses
from squall.core.records import SeriesKind, Severity

DEFAULT_RECEIVER: Final = "default"
"""The receiver made from `alerts.to`: gets the alerts that no route matches."""
Channel = Literal["email", "webhook", "slack", "teams", "pagerduty", "opsgenie", "telegram", "discord"]
ADDRESSES: Final[Mapping[Channel, str]] = {
    "pagerduty": "https://events.pagerduty.com",
    "opsgenie": "https://api.opsgenie.com",
    "telegram": "https://api.telegram.org",
}
"""Of the services that everybody reaches at the same address."""
_NEEDED: Final[Mapping[Channel, Mapping[str, str]]] = {
    "email": {"to": "e-mail addresses"},
    "webhook": {"url": "an address that accepts a POST"},
    "slack": {"url": "the address of an incoming webhook"},
    "teams": {"url": "the address of a workflow that posts webhook requests"},
    "pagerduty": {"secret": "the integration key of an Events API v2 integration"},
    "opsgenie": {"secret": "the key of an API integration"},
    "telegram": {"secret": "the token of the bot", "chat": "the id of the chat"},
    "discord": {"url": "the address of a webhook"},
}
_ALLOWED: Final[Mapping[Channel, tuple[str, ...]]] = {
    "webhook": ("secret", "template", "content_type", "headers"),
    **dict.fromkeys(ADDRESSES, ("url",)),
}
_CHAT: Final = r"^(-?[0-9]{1,20}|@[A-Za-z0-9_]{1,64})?$"
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_OUR_HEADERS: Final = frozenset({"connection", "content-length", "content-type", "host", "idempotency-key", "transfer-encoding"})
JSON_TYPE: Final = "application/json"
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _addressable(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Return `value` if mail can be addressed so: a fault shows when the process starts, not in the first crisis."""
    for each in (value,) if isinstance(value, str) else value:
        mail_addresses(each)
    return value


MailAddress = Annotated[str, AfterValidator(_addressable)]
MailAddresses = Annotated[tuple[str, ...], AfterValidator(_addressable)]
"""Each is an address, or several with commas, as in a header of a mail; letters beyond ASCII are allowed."""


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
    """A recipient of notifications, and the channel that reaches it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="lower-case letters, digits, - and _")
    channel: Channel = Field("webhook", description="how messages go there; left out: email with `to`, webhook with `url`")
    to: MailAddresses = Field((), description="e-mail addresses")
    url: str = Field("", pattern=r"^(https?://[^\s]+)?$", repr=False, description="http(s) address; of some channels it has a default")
    secret: SecretStr = Field(SecretStr(""), description="key or token of the channel; signs the requests to a webhook (HMAC-SHA256)")
    chat: str = Field("", pattern=r"^(-?[0-9]{1,20}|@[A-Za-z0-9_]{1,64})?$", description="Telegram: id of a chat, or @channel")
    template: ReadableFile = Field(None, description="webhook: a file that says what the body of a request is (Jinja)")
    content_type: str = Field(JSON_TYPE, pattern=r"^[A-Za-z0-9!#$&^_.+/; =-]{1,100}$", description="webhook: of what the template makes")
    headers: Annotated[Mapping[str, SecretStr], FrozenDict] = Field(FrozenDict({}), description="webhook: further headers of a request")
    timeout_seconds: Seconds = Field(10.0, description="of a request, from the first look-up of the host to the answer")
    max_per_hour: Positive | None = Field(None, description="most messages per hour; empty: alerts.max_per_hour")

    @model_validator(mode="before")
    @classmethod
    def _channel(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("channel"):
            return {**data, "channel": "email" if data.get("to") and not data.get("url") else "webhook"}
        return data

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _OUR_HEADERS:
                raise ValueError(f"{name!r} can't be a header of your own")
            if not value.get_secret_value().isascii() or not value.get_secret_value().isprintable():
                raise ValueError(f"the header {name!r} holds characters other than printable ASCII")
        return headers

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        needed = _NEEDED[self.channel]
        given = {key for key in ("to", "url", "secret", "chat", "template", "headers") if self._is_given(key)}
        if (bool(self.to) == bool(self.url)) and self.channel == "webhook":
            raise ValueError(f"receiver {self.name!r} needs either `to` (e-mail addresses) or `url` (a webhook)")
        for key, what in needed.items():
            if key not in given:
                raise ValueError(f"receiver {self.name!r} needs `{key}` ({what}) for the channel {self.channel}")
        for key in sorted(given - set(needed) - set(_ALLOWED.get(self.channel, ()))):
            raise ValueError(f"receiver {self.name!r} has a `{key}`, which does not apply to the channel {self.channel}")
        return self

    @property
    def address(self) -> str:
        """The URL that messages are sent to, or below which the channel's API is, without a slash at its end. It may hold a secret."""
        return (self.url or ADDRESSES.get(self.channel, "")).rstrip("/") if self.channel in ADDRESSES else self.url

    def _is_given(self, key: str) -> bool:
        value = getattr(self, key)
        return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


class HeartbeatSettings(Section):
    """The sign of life for a watchdog outside, which tells people when it stays away."""

    url: SecretStr = Field(SecretStr(""), description="http(s) address to request, as the watchdog gives it; empty: no heartbeat")
    authorization: SecretStr = Field(SecretStr(""), description="value of the Authorization header, for example GenieKey and the key")
    interval_seconds: Seconds = Field(60.0, description="time between two requests; shorter than the watchdog's patience")
    timeout_seconds: Seconds = Field(10.0, description="longest time for one request")

    @field_validator("url")
    @classmethod
    def _web(cls, url: SecretStr) -> SecretStr:
        text = url.get_secret_value()
        if text and (not text.startswith(("http://", "https://")) or any(character.isspace() for character in text)):
            raise ValueError("must be an http or https address")
        return url

    @field_validator("authorization")
    @classmethod
    def _one_line(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not (value.get_secret_value().isascii() and value.get_secret_value().isprintable()):
            raise ValueError("must be printable ASCII")
        return value


class RouteSettings(Section):
    """Which alerts go to a receiver. An empty condition matches everything; all conditions of a route must match."""

    model_config = ConfigDict(populate_by_name=True)

    topics: tuple[Annotated[str, Field(max_length=LONGEST)], ...] = Field(
        (), description="patterns with * and ? for the name of the series, case-insensitive"
    )
    kinds: tuple[SeriesKind, ...] = Field((), description="topic, symbol, sector, market, source, entity")
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
    sender: MailAddress = Field("squall@localhost", description="From: address; the key `from` is accepted too")
    to: Annotated[MailAddresses, Field(min_length=1)] = Field(("risk@localhost",), description="To: addresses of the default receiver")
    link_base: str = Field("", repr=False, description="URL of the live page or dashboard that mails link to")
    group_by: tuple[Literal["topic", "kind"], ...] = Field((), description="one message per value of these; empty: one per receiver")
    group_wait_seconds: Annotated[float, Field(ge=0)] = Field(30.0, description="wait for more alerts before the first message of a group")
    group_interval_seconds: Seconds = Field(300.0, description="minimum time between two messages about one group")
    repeat_interval_seconds: Seconds = Field(14_400.0, description="repeat the message while alerts fire, go on and are unacknowledged")
    history_after_seconds: Annotated[float, Field(ge=0)] = Field(
        86_400.0, description="event time this far behind the wall clock is history, about which nothing is sent"
    )
    notify_history: bool = Field(False, description="send messages about history as well")
    max_per_hour: Positive = Field(20, description="most messages per receiver; the rest is collected in one digest")
    private_hosts: PrivateHosts = Field((), description="hosts of webhooks that may resolve to a private address, as host or host:port")
    receivers: tuple[ReceiverSettings, ...] = Field((), description="further receivers besides `to`, which routes name")
    routes: tuple[RouteSettings, ...] = Field((), description="evaluated in order; the first that matches takes the alert")
    heartbeat: HeartbeatSettings = HeartbeatSettings()

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
        default = ReceiverSettings(name=DEFAULT_RECEIVER, channel="email", to=self.to)
        return FrozenDict({receiver.name: receiver for receiver in (default, *self.receivers)})

    @property
    def needing_smtputf8(self) -> list[str]:
        """The addresses that only a mail server with SMTPUTF8 can take: those with letters beyond ASCII before the @."""
        listed = (self.sender, *(each for receiver in self.by_name.values() for each in receiver.to))
        return [address.envelope for each in listed for address in mail_addresses(each) if address.needs_smtputf8]
