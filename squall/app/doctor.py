"""`squall doctor`: each part, its state, and the mend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from squall.alerts.notification.delivery import SmtpMailer
from squall.app.store import connect
from squall.core.clock import Clock
from squall.core.config.loading import config_path, load_settings
from squall.core.config.settings import Settings
from squall.core.errors import SquallError
from squall.core.kafka.client import ensure_reachable
from squall.core.kafka.topics import setup_topics
from squall.core.net.addresses import redact_url


@dataclass(frozen=True)
class Check:
    """One part's state; `mend` says what to do."""

    part: str
    healthy: bool
    state: str
    mend: str = ""

    @property
    def mark(self) -> str:
        """`ok` or `BAD`, as wide."""
        return "ok " if self.healthy else "BAD"

    def as_dict(self) -> dict[str, Any]:
        """Return it for `--json`."""
        return asdict(self)


def examine(clock: Clock) -> list[Check]:
    """Check every part; a broken one never hides the others."""
    try:
        settings = load_settings()
    except SquallError as error:
        return [Check("configuration", False, error.what, error.hint)]
    source = config_path()
    checks = [Check("configuration", True, f"environment{f' over {source}' if source else ''}")]
    parts: list[tuple[str, Callable[[Settings, Clock], Check]]] = [
        ("broker", examine_broker),
        ("store", _store),
        ("model", _model),
        ("e-mail", _mail),
    ]
    for part, check in parts:
        try:
            checks.append(check(settings, clock))
        except SquallError as error:
            checks.append(Check(part, False, error.what, error.hint))
    return checks


def examine_broker(settings: Settings, _clock: Clock) -> Check:
    """Say whether Kafka answers and its topics are as the settings want them."""
    if not settings.kafka.bootstrap_servers:
        return Check("broker", True, "none set: one-machine mode", "for a cluster set SQUALL_KAFKA__BOOTSTRAP_SERVERS")
    present = ensure_reachable(settings.kafka, allow_plaintext=settings.allow_plaintext)
    missing = {settings.kafka.documents_topic, settings.kafka.dead_letter_topic} - present
    state = f"{settings.kafka.bootstrap_servers} answers"
    if missing:
        return Check("broker", True, f"{state}; no topic {' and no '.join(sorted(missing))} yet", "`squall kafka setup` makes them")
    topics = setup_topics(settings.kafka, allow_plaintext=settings.allow_plaintext, dry_run=True)
    different = [
        f"{topic.name}: {each.item} is {each.found}, not {each.wanted}" for topic in topics for each in topic.differences if each.open
    ]
    if different:
        return Check("broker", True, f"{state}; {'; '.join(different)}", "`squall kafka setup` says which switch changes it")
    return Check("broker", True, f"{state}, topics as wanted")


def _store(settings: Settings, _clock: Clock) -> Check:
    url = redact_url(settings.store_url)
    if settings.store_url.startswith("chdb:") and not settings.data_dir.exists():
        return Check("store", True, f"{url}: not there yet, will be made at the first start")
    store = connect(settings)
    try:
        version, migrations = store.ping(), store.schema.status()
    finally:
        store.close()
    pending = sum(migration.applied_at is None for migration in migrations)
    if pending:
        return Check("store", False, f"{url} (ClickHouse {version}): {pending} migrations missing", "run `squall store migrate`")
    return Check("store", True, f"{url} (ClickHouse {version}), schema up to date")


def _model(settings: Settings, clock: Clock) -> Check:
    from squall.model.serving.engine import ScoringEngine

    with ScoringEngine.open(settings.model) as engine:
        started = clock.monotonic()
        scores = engine.score(["Shares of the bank plunge as regulators open an investigation"])
        took = clock.monotonic() - started
        backend = engine.backend
    negative = float(scores.sentiment[0, 0])
    state = f"{scores.model_version} ({backend}) scores one text in {took * 1000:.0f} ms"
    if negative < 0.5:
        return Check(
            "model",
            False,
            f"{state}, but calls bad news p_negative {negative:.2f}",
            "the checkpoint is not a trained one: set SQUALL_MODEL__PATH",
        )
    return Check("model", True, state)


def _mail(settings: Settings, _clock: Clock) -> Check:
    mail = settings.alerts
    if not mail.smtp_host:
        return Check("e-mail", True, f"no SMTP host: mails are written to {settings.outbox}", "to send them set SQUALL_ALERTS__SMTP_HOST")
    mailer = SmtpMailer(mail, allow_plaintext=settings.allow_plaintext)
    mailer.check()
    return Check("e-mail", True, f"{mailer.describe()} accepts us; `squall alerts test` sends a sample")
