"""Migrations: numbered SQL files, applied once and recorded with their checksum."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from squall.core.clock import Clock
from squall.core.errors import StoreError
from squall.storage.backends.base import Backend, Cell
from squall.storage.schema.table import Column, Table


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration: its number, name, checksum, and when it was applied to this store."""

    number: int
    name: str
    checksum: str
    applied_at: datetime | None = None


MIGRATIONS = Table(
    "schema_migrations",
    Migration,
    (Column("number", Cell.UINT32), Column("name", Cell.TEXT), Column("checksum", Cell.TEXT), Column("applied_at", Cell.TIME)),
)
FOLDER = Path(__file__).with_name("migrations")
_NAME = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")
_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations
(number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC'))
ENGINE = ReplacingMergeTree(applied_at) ORDER BY number
"""
_EXISTS = "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'"
_APPLIED = MIGRATIONS.select("FINAL ORDER BY number")


def available(folder: Path = FOLDER) -> list[tuple[Migration, str]]:
    """Return the migrations shipped with this version, in order, with their SQL."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.match(path.name)
        if not match:
            raise StoreError(f"migration file {path} is not named NNNN_name.sql", "rename it")
        sql = path.read_text(encoding="utf-8")
        found.append((Migration(int(match[1]), match[2], hashlib.sha256(sql.encode()).hexdigest()), sql))
    if [migration.number for migration, _ in found] != list(range(1, len(found) + 1)):
        raise StoreError(f"migrations in {folder} are not numbered 0001, 0002, ... without gaps", "reinstall squall")
    return found


def applied(backend: Backend) -> list[Migration]:
    """Return the migrations of this store; none when it was never migrated."""
    ((count,),) = backend.select(_EXISTS, {})
    return MIGRATIONS.read(backend.select(_APPLIED, {})) if count else []


def check(shipped: Sequence[Migration], taken: Sequence[Migration]) -> None:
    """Raise `StoreError` when the store is ahead of this version or a migration was edited after it was applied."""
    known = {migration.number: migration for migration in shipped}
    for migration in taken:
        ours = known.get(migration.number)
        label = f"{migration.number:04}_{migration.name}"
        if ours is None:
            raise StoreError(f"the store has migration {label}, which this version of squall does not know", "upgrade squall")
        if ours.checksum != migration.checksum:
            raise StoreError(
                f"migration {label} was applied with another text than this version's {ours.number:04}_{ours.name}",
                "an applied migration must not be edited: restore the file and add a new one",
            )


def status(backend: Backend, folder: Path = FOLDER) -> list[Migration]:
    """Return the shipped migrations, each with when it was applied or None."""
    shipped = [migration for migration, _ in available(folder)]
    taken = applied(backend)
    check(shipped, taken)
    times = {migration.number: migration.applied_at for migration in taken}
    return [replace(migration, applied_at=times.get(migration.number)) for migration in shipped]


def migrate(backend: Backend, clock: Clock, folder: Path = FOLDER) -> list[Migration]:
    """Apply what is missing and return it; `clock` stamps `applied_at`.

    Statements are written to be repeatable (IF NOT EXISTS), so a migration that was cut off half-way is simply run again.
    """
    backend.command(_LEDGER, {})
    missing = {migration.number for migration in status(backend, folder) if migration.applied_at is None}
    done = []
    for migration, sql in available(folder):
        if migration.number not in missing:
            continue
        for statement in statements(sql):
            backend.command(statement, {})
        done.append(replace(migration, applied_at=clock.now()))
        backend.insert(MIGRATIONS.block(done[-1:], {}), "")
    return done


def statements(sql: str) -> list[str]:
    """Split a migration at the semicolons that end a line, without comments."""
    text = "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    return [part.strip() for part in re.split(r";\s*(?:\n|$)", text) if part.strip()]
