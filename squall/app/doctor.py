"""`squall doctor`: the state of each part, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from squall.alerts.notification.email.smtp import SmtpSender
from squall.core.clock import Clock
from squall.core.config.entities import EntitySettings
from squall.core.config.files.permissions import permission_warnings
from squall.core.config.settings import Settings
from squall.core.errors import SquallError, StoreLockedError, StoreMissingError
from squall.core.kafka.client import ensure_reachable
from squall.core.kafka.topics import setup_topics
from squall.core.net.addresses import redact_url
from squall.core.net.redaction import redact_secrets_in
from squall.entities.catalogue.data_file import read_data_file
from squall.entities.catalogue.user_table import read_user_table


@dataclass(frozen=True)
class Check:
    """The state of one part; `hint` says what to do."""

    part: str
    healthy: bool
    state: str
    hint: str = ""

    @property
    def mark(self) -> str:
        """`ok` or `BAD`, of equal width."""
        return "ok " if self.healthy else "BAD"

    def without_secrets(self) -> Check:
        """Return it as it may be shown: an error may quote a URL."""
        return replace(self, state=redact_secrets_in(self.state))

    def as_dict(self) -> dict[str, Any]:
        """Return it for `--json`."""
        return asdict(self)


class SchemaState(Protocol):
    """What the doctor needs to know about a store."""

    @property
    def version(self) -> str:
        """ClickHouse's version."""

    @property
    def pending(self) -> int:
        """The number of migrations that are not applied."""


ReadStoreStatus = Callable[[Settings, Clock], SchemaState]
"""Reads the store's status without changing it, also while another process has the store open."""


def examine(load: Callable[[], Settings], file: Callable[[], Path | None], clock: Clock, read_store: ReadStoreStatus) -> list[Check]:
    """Check every part; a part that fails does not hide the others.

    Args:
        load: reads the settings.
        file: returns the TOML file that they are read from, None when there is none.
        clock: measures the model's latency.
        read_store: reads the store's status.
    """
    try:
        settings, source = load(), file()
    except SquallError as error:
        return [Check("configuration", False, error.what, error.hint).without_secrets()]
    checks = [Check("configuration", True, f"environment{f' over {source}' if source else ''}")]
    warnings = permission_warnings(settings, source)
    if warnings:
        checks.append(Check("permissions", False, "; ".join(warnings), "docs/security.md says which files hold secrets"))
    parts: Sequence[tuple[str, Callable[[], Check]]] = (
        ("broker", lambda: examine_broker(settings)),
        ("store", lambda: examine_store(settings, clock, read_store)),
        ("entities", lambda: examine_entities(settings.entities)),
        ("model", lambda: _examine_model(settings, clock)),
        ("e-mail", lambda: _examine_mail(settings)),
    )
    for part, check in parts:
        try:
            checks.append(check())
        except SquallError as error:
            checks.append(Check(part, False, error.what, error.hint))
        except Exception as error:  # noqa: BLE001 - one part must not hide the others
            checks.append(Check(part, False, f"the check itself failed: {type(error).__name__}: {error}", "report it as a fault of Squall"))
    return [check.without_secrets() for check in checks]


def examine_broker(settings: Settings) -> Check:
    """Check that Kafka answers, and compare its topics with the settings."""
    if not settings.kafka.bootstrap_servers:
        return Check("broker", True, "none: everything runs in one process", "for a cluster set SQUALL_KAFKA__BOOTSTRAP_SERVERS")
    present = ensure_reachable(settings.kafka, allow_plaintext=settings.allow_plaintext)
    missing = {settings.kafka.documents_topic, settings.kafka.dead_letter_topic} - present
    state = f"{settings.kafka.bootstrap_servers} answers"
    if missing:
        return Check("broker", True, f"{state}; missing topics: {', '.join(sorted(missing))}", "create them with `squall kafka setup`")
    topics = setup_topics(settings.kafka, allow_plaintext=settings.allow_plaintext, dry_run=True)
    different = [
        f"{topic.name}: {each.item} is {each.found}, not {each.wanted}" for topic in topics for each in topic.differences if each.open
    ]
    if different:
        return Check("broker", True, f"{state}; {'; '.join(different)}", "`squall kafka setup` prints the option that changes it")
    return Check("broker", True, f"{state}; the topics match the settings")


def examine_store(settings: Settings, clock: Clock, read_store: ReadStoreStatus) -> Check:
    """Check that the store can be reached and its schema is up to date, without creating one."""
    url = redact_url(settings.store_url)
    try:
        status = read_store(settings, clock)
    except StoreMissingError:
        return Check("store", True, f"{url}: not created yet; `squall up` creates it")
    except StoreLockedError as locked:
        return Check("store", True, f"{locked.what}; it serves no live page, so the schema was not checked")
    if status.pending:
        return Check(
            "store", False, f"{url} (ClickHouse {status.version}): {status.pending} migrations missing", "run `squall store migrate`"
        )
    return Check("store", True, f"{url} (ClickHouse {status.version}), schema up to date")


def examine_entities(settings: EntitySettings) -> Check:
    """Check that the user's own table of entities can be used, and count what it has.

    Raises:
        EntityTableError: it can't; tells every problem with its line.
    """
    shipped = {entity.id: entity for entity in read_data_file().entities}
    if settings.path is None:
        return Check("entities", True, f"{len(shipped):,} that ship with Squall, none of your own")
    own = read_user_table(settings.path, shipped, extend=settings.mode == "extend")
    if settings.mode == "replace":
        return Check("entities", True, f"{len(own):,} of {settings.path} instead of those that ship with Squall")
    changed = sum(entity.id in shipped for entity in own)
    state = f"{len(own):,} of {settings.path}, {changed:,} of them change one of the {len(shipped):,} that ship with Squall"
    return Check("entities", True, state)


def _examine_model(settings: Settings, clock: Clock) -> Check:
    from squall.model.serving.engine import ScoringEngine

    with ScoringEngine.open(settings.model) as engine:
        started = clock.monotonic()
        scores = engine.read(["Shares of the bank plunge as regulators open an investigation"])
        seconds = clock.monotonic() - started
        backend = engine.backend
        languages = "texts in every language" if "*" in engine.languages else f"texts in {', '.join(engine.languages)}"
    negative = float(scores.sentiment[0, 0])
    state = f"{scores.model_version} ({backend}) scores one text in {seconds * 1000:.0f} ms; reads {languages}"
    if negative < 0.5:
        return Check(
            "model",
            False,
            f"{state}, but gives negative news p_negative {negative:.2f}",
            "the checkpoint seems to be untrained: set SQUALL_MODEL__PATH to another",
        )
    return Check("model", True, state)


def _examine_mail(settings: Settings) -> Check:
    mail = settings.alerts
    if not mail.smtp_host:
        return Check(
            "e-mail", True, f"no SMTP server: e-mails are written to {settings.outbox}", "to send them set SQUALL_ALERTS__SMTP_HOST"
        )
    mailer = SmtpSender(mail, allow_plaintext=settings.allow_plaintext)
    mailer.check()
    return Check("e-mail", True, f"{mailer.describe()} accepts the login; `squall alerts test` sends a sample")
