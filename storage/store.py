"""The store: groups of queries over one backend."""

from __future__ import annotations

from squall.core.clock import Clock
from squall.storage.backends.base import Backend, Result
from squall.storage.queries.alerting.acknowledgements import AcknowledgementQueries
from squall.storage.queries.alerting.alerts import AlertQueries
from squall.storage.queries.alerting.detector import DetectorQueries
from squall.storage.queries.alerting.drivers import DriverQueries
from squall.storage.queries.alerting.leases import LeaseQueries
from squall.storage.queries.alerting.notifications import NotificationQueries
from squall.storage.queries.alerting.silences import SilenceQueries
from squall.storage.queries.arrivals import ArrivalQueries
from squall.storage.queries.backtests import BacktestQueries
from squall.storage.queries.backups import BackupQueries
from squall.storage.queries.base import Versions
from squall.storage.queries.documents import DocumentQueries
from squall.storage.queries.entities.counts import EntityQueries
from squall.storage.queries.entities.groups import GroupQueries
from squall.storage.queries.entities.level_counts import LevelQueries
from squall.storage.queries.entities.mentions import MentionQueries
from squall.storage.queries.overview import OverviewQueries
from squall.storage.queries.rollups import RollupQueries
from squall.storage.queries.schema import SchemaQueries
from squall.storage.queries.severity.spans import SeverityQueries
from squall.storage.queries.stories.forming import StoryFormingQueries
from squall.storage.queries.stories.members import StoryQueries
from squall.storage.queries.workers.dead_letters import DeadLetterQueries
from squall.storage.queries.workers.pipeline import PipelineQueries
from squall.storage.queries.workers.progress import ProgressQueries


class Store:
    """ClickHouse, a server or embedded. Thread-safe.

    Every method, also of the groups, raises `StoreUnavailableError` when trying again may help (connection lost or refused,
    timeouts, memory, disk), `StoreError` when it will not, with the hint to run `squall store migrate` when tables are missing.

    Args:
        backend: where the SQL runs.
        clock: gives rows their versions and stamps migrations.
        retention_days: rows are dropped this long after they were scored, rejected or counted.
        cluster: over which the tables are distributed; empty: none.
    """

    def __init__(self, backend: Backend, clock: Clock, retention_days: int, cluster: str = "") -> None:
        self._backend = backend
        versions = Versions(clock, self._highest_version)
        self.documents = DocumentQueries(backend, versions)
        self.mentions = MentionQueries(backend, versions, self.documents)
        self.severity = SeverityQueries(backend, versions, self.documents, self.mentions)
        self.stories = StoryQueries(backend, versions, self.documents)
        self.story_forming = StoryFormingQueries(backend, versions)
        self.entities = EntityQueries(backend, versions)
        self.levels = LevelQueries(backend, versions)
        self.groups = GroupQueries(backend, versions)
        self.arrivals = ArrivalQueries(backend, versions)
        self.counts = OverviewQueries(backend, versions)
        self.rollups = RollupQueries(backend, versions)
        self.progress = ProgressQueries(backend, versions)
        self.dead_letters = DeadLetterQueries(backend, versions)
        self.pipeline = PipelineQueries(backend, versions)
        self.alerts = AlertQueries(backend, versions)
        self.drivers = DriverQueries(backend, versions)
        self.notifications = NotificationQueries(backend, versions)
        self.silences = SilenceQueries(backend, versions)
        self.acknowledgements = AcknowledgementQueries(backend, versions)
        self.leases = LeaseQueries(backend, versions)
        self.detector = DetectorQueries(backend, versions)
        self.backtests = BacktestQueries(backend, versions)
        self.backups = BackupQueries(backend, versions, clock, cluster)
        self.schema = SchemaQueries(backend, versions, clock, retention_days, cluster)

    def ping(self) -> str:
        """Return ClickHouse's version."""
        ((version,),) = self.read("SELECT version()")
        return str(version)

    def read(self, sql: str) -> Result:
        """Run a finished query, such as a panel's of `squall.storage.panels` with its macros expanded."""
        return self._backend.select(sql, {})

    def _highest_version(self, table: str) -> int:
        ((version,),) = self.read(f"SELECT max(version) FROM {table}")  # noqa: S608 - the name of one of our tables
        return int(version)

    def close(self) -> None:
        """Close all connections; idempotent."""
        self._backend.close()
