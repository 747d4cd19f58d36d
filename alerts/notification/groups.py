"""Groups of alerts that share a message, and what was told of them: the memory of the notifier, one JSON string."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

from squall.core.records import Alert, AlertState
from squall.core.text import document_id


class Reason(StrEnum):
    """Why a message goes out."""

    FIRING = "firing"
    """The first alert of a group."""
    MORE_FIRING = "more firing"
    """Further alerts beside those already told of."""
    ESCALATED = "escalated"
    """A warning became critical."""
    RESOLVED = "resolved"
    REPEAT = "repeat"
    """Still firing, and nobody acknowledged it."""
    DIGEST = "digest"
    """What quiet hours or the rate limit held back."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on two clocks. A wait is over when either has moved on that far: a live stream that stalls is mailed about in real
    time, and a replay at 600× groups as it would have live."""

    event: datetime
    wall: datetime

    def waited(self, since: Moment, seconds: float) -> bool:
        """Say whether either clock shows `seconds` or more after `since`."""
        return max(self.event - since.event, self.wall - since.wall) >= timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one receiver.

    Attributes:
        key: the same for the same message, and for no other: group, running number in the group, and a digest of what it tells.
        receiver: a name in the settings.
        reason: why it goes out.
        alerts: all that it is about, what is new first, the most severe and improbable first.
        at: when it was made; `at.event` orders messages.
        group: what messages must not overtake each other in.
        fresh: how many of `alerts` are news; the others were told of before and still fire.
        inhibited: alerts that a market-wide one among `alerts` covers.
        silenced: how many alerts of the group a silence keeps out.
    """

    key: str
    receiver: str
    reason: Reason
    alerts: tuple[Alert, ...]
    at: Moment
    group: str = ""
    fresh: int = 0
    inhibited: tuple[Alert, ...] = ()
    silenced: int = 0


@dataclass(slots=True)
class Entry:
    """An alert in a group. `told` is the last label that the receiver read: empty, a severity, or `resolved`."""

    alert: Alert
    told: str = ""
    held: bool = False
    """Kept back by quiet hours or the rate limit, so that it belongs into a digest even when it is over by then."""

    @property
    def label(self) -> str:
        """What there is to tell."""
        return "resolved" if self.resolved else self.alert.severity.value

    @property
    def resolved(self) -> bool:
        return self.alert.state is AlertState.RESOLVED

    @property
    def is_news(self) -> bool:
        """Whether the receiver knows less than there is."""
        return self.told != self.label


@dataclass(slots=True)
class Group:
    """Alerts of one receiver that are told of together."""

    key: str
    receiver: str
    number: int = 0
    """Messages so far."""
    changed: Moment | None = None
    """Since when there is something to tell."""
    sent: Moment | None = None
    """When the last message was made; forgotten once everything is resolved and told."""
    entries: dict[str, Entry] = field(default_factory=dict)


@dataclass(slots=True)
class Memory:
    """Everything that must survive a restart."""

    groups: dict[str, Group] = field(default_factory=dict)
    sent: dict[str, list[Moment]] = field(default_factory=dict)
    """By receiver: messages of the last hour."""

    def group(self, receiver: str, labels: tuple[str, ...]) -> Group:
        """Return the group of one receiver and values of `group_by`, a new one if need be."""
        key = document_id(f"group:{receiver}", "\n".join(labels))[:12]
        return self.groups.setdefault(key, Group(key, receiver))

    def dump(self) -> str:
        """Return it as JSON."""
        return orjson.dumps({"groups": [_group_row(group) for group in self.groups.values()], "sent": self.sent}).decode()

    @staticmethod
    def load(state: str) -> Memory:
        """Read what `dump` wrote; empty: a new memory."""
        if not state:
            return Memory()
        rows = orjson.loads(state)
        groups = [_group(row) for row in rows["groups"]]
        return Memory({group.key: group for group in groups}, {name: [_some(at) for at in times] for name, times in rows["sent"].items()})


def _group_row(group: Group) -> dict[str, object]:
    entries = [{"alert": entry.alert.model_dump_json(), "told": entry.told, "held": entry.held} for entry in group.entries.values()]
    fields = {"key": group.key, "receiver": group.receiver, "number": group.number, "changed": group.changed, "sent": group.sent}
    return {**fields, "entries": entries}


def _group(row: dict[str, Any]) -> Group:
    entries = [Entry(Alert.model_validate_json(entry["alert"]), entry["told"], entry["held"]) for entry in row["entries"]]
    return Group(
        row["key"],
        row["receiver"],
        row["number"],
        _moment(row["changed"]),
        _moment(row["sent"]),
        {entry.alert.id: entry for entry in entries},
    )


def _moment(row: dict[str, str] | None) -> Moment | None:
    return None if row is None else _some(row)


def _some(row: dict[str, str]) -> Moment:
    return Moment(datetime.fromisoformat(row["event"]), datetime.fromisoformat(row["wall"]))
