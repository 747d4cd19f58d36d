"""Claims of leases."""

from __future__ import annotations

from squall.storage.queries.base import Queries
from squall.storage.rows.alerting import Claim
from squall.storage.schema.tables.alerting import LEASES

_CLAIMS = LEASES.select("FINAL WHERE name = {name:String} ORDER BY owner")


class LeaseQueries(Queries):
    """Claims: each owner has one at most of a lease, the last that it wrote."""

    def write(self, claim: Claim) -> None:
        """Store an owner's claim of a lease, in place of the owner's claim before."""
        self._write(LEASES, [claim])

    def claims(self, name: str) -> list[Claim]:
        """Return the claims of one lease, expired or not, by owner. Sees every write that the same server acknowledged before."""
        return self._read(LEASES, _CLAIMS, name=name)
