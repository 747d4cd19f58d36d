"""Groups of alerts that share a message, and what each receiver was notified of."""

from __future__ import annotations

from dataclasses import dataclass, field

from squall.alerts.notification.content import DualTime
from squall.core.records import Alert, AlertState
from squall.core.series import NO_DATA


@dataclass(slots=True)
class GroupedAlert:
    """An alert in a group. `notified` is the last label that was sent: empty, a severity, or `resolved`."""

    alert: Alert
    notified: str = ""
    held: bool = False
    """Held back by quiet hours or the rate limit, so that it belongs into a digest even when it is resolved by then."""

    @property
    def label(self) -> str:
        """The label that the receiver should have been notified of by now."""
        return "resolved" if self.resolved else self.alert.severity.value

    @property
    def resolved(self) -> bool:
        """Whether the alert is resolved."""
        return self.alert.state is AlertState.RESOLVED

    @property
    def rests(self) -> bool:
        """Whether its current window was counted and holds nothing: it fires only because it is not over yet."""
        return bool(self.alert.current_minutes) and not self.alert.current and self.alert.test != NO_DATA

    @property
    def is_new(self) -> bool:
        """Whether the receiver was not notified of the present label yet."""
        return self.notified != self.label


@dataclass(slots=True)
class Group:
    """Alerts of one receiver that share messages."""

    key: str
    receiver: str
    number: int = 0
    """Messages so far."""
    changed: DualTime | None = None
    """Since when there is something new to send."""
    sent: DualTime | None = None
    """When the last message was made; None again once every alert is resolved and notified."""
    alerts: dict[str, GroupedAlert] = field(default_factory=dict)
    """By alert id."""
    acknowledged: bool = False
    """Whether the receiver knows that everything that it was notified of is acknowledged."""


@dataclass(slots=True)
class FilteredGroup:
    """A group at one moment, after silences, quiet hours and inhibition."""

    group: Group
    shown: list[GroupedAlert] = field(default_factory=list)
    inhibited: list[GroupedAlert] = field(default_factory=list)
    silenced: int = 0

    @property
    def new(self) -> list[GroupedAlert]:
        """The shown alerts that the receiver was not notified of."""
        return [alert for alert in self.shown if alert.is_new]

    @property
    def held(self) -> bool:
        """Whether anything new was held back before."""
        return any(alert.held for alert in self.new)
