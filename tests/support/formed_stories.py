"""Stories of what a store holds, formed as the process of the detector does."""

from datetime import datetime

from squall.alerts.lease import Lease
from squall.alerts.stories.forming import StoryForming
from squall.core.clock import ManualClock
from squall.core.config.settings import DetectorSettings
from squall.core.observability.metrics import Metrics
from squall.storage import Store


def form_stories(store: Store, until: datetime) -> None:
    """Put everything that was published before `until` into stories."""
    clock = ManualClock(until)
    lease = Lease(store.leases, "negative-spikes", "node", 180.0, clock)
    assert lease.hold()
    StoryForming(store, DetectorSettings(), lease, clock, Metrics(clock=clock)).catch_up(until, lambda: True, always=True)
    lease.release()
