"""The notification log: what every receiver was notified of, and when; the state of the notification policy, one JSON string."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from squall.alerts.notification.content import DualTime
from squall.alerts.notification.groups import Group, GroupedAlert
from squall.core.records import Alert
from squall.core.text import document_id


@dataclass(slots=True)
class NotificationLog:
    """Everything about notifications that must survive a restart."""

    groups: dict[str, Group] = field(default_factory=dict)
    """By key."""
    sent: dict[str, list[DualTime]] = field(default_factory=dict)
    """By receiver: when the messages of the last hour were made."""

    def group(self, receiver: str, labels: tuple[str, ...]) -> Group:
        """Return the group of one receiver and values of `group_by`; make it if there is none."""
        key = document_id(f"group:{receiver}", "\n".join(labels))[:12]
        return self.groups.setdefault(key, Group(key, receiver))

    def forget_receivers_except(self, known: Collection[str]) -> None:
        """Drop what belongs to receivers that are no longer configured."""
        self.groups = {key: group for key, group in self.groups.items() if group.receiver in known}
        self.sent = {name: times for name, times in self.sent.items() if name in known}

    def dump(self) -> str:
        """Return it as JSON.

        The keys (`told`: the `notified` of an alert) are a stored format: a node reads what the version before it wrote.
        """
        return orjson.dumps({"groups": [_group_row(group) for group in self.groups.values()], "sent": self.sent}).decode()

    @staticmethod
    def load(state: str) -> NotificationLog:
        """Read what `dump` wrote; an empty string gives an empty log."""
        if not state:
            return NotificationLog()
        rows = orjson.loads(state)
        groups = [_group(row) for row in rows["groups"]]
        sent = {name: [_dual_time(at) for at in times] for name, times in rows["sent"].items()}
        return NotificationLog({group.key: group for group in groups}, sent)


def _group_row(group: Group) -> dict[str, object]:
    alerts = [{"alert": row.alert.model_dump_json(), "told": row.notified, "held": row.held} for row in group.alerts.values()]
    fields = {"key": group.key, "receiver": group.receiver, "number": group.number, "changed": group.changed, "sent": group.sent}
    return {**fields, **({"acknowledged": True} if group.acknowledged else {}), "entries": alerts}


def _group(row: dict[str, Any]) -> Group:
    alerts = [GroupedAlert(Alert.model_validate_json(entry["alert"]), entry["told"], entry["held"]) for entry in row["entries"]]
    return Group(
        row["key"],
        row["receiver"],
        row["number"],
        _dual_time_or_none(row["changed"]),
        _dual_time_or_none(row["sent"]),
        {entry.alert.id: entry for entry in alerts},
        row.get("acknowledged", False),
    )


def _dual_time_or_none(row: dict[str, str] | None) -> DualTime | None:
    return None if row is None else _dual_time(row)


def _dual_time(row: dict[str, str]) -> DualTime:
    return DualTime(datetime.fromisoformat(row["event"]), datetime.fromisoformat(row["wall"]))
