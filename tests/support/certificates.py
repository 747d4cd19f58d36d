"""Certificates for tests: a CA, and certificates that are right, of another CA, for another name, or expired."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


class Authority:
    """A CA and what it signs, as PEM files in `folder`."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self.file = folder / f"{name}.pem"
        self._name = name
        self._ca.cert_pem.write_to_path(self.file)

    def issue(self, *identities: str, expired: bool = False) -> tuple[Path, Path]:
        """Return the files of a certificate for `identities`, and of its key."""
        now = datetime.now(UTC)
        times = {"not_before": now - timedelta(days=2), "not_after": now - timedelta(days=1)} if expired else {}
        pair = self._ca.issue_cert(*identities, **times)
        stem = f"{self._name}-{identities[0].replace(':', '_')}{'-expired' if expired else ''}"
        certificate, key = self._folder / f"{stem}.pem", self._folder / f"{stem}.key"
        certificate.write_bytes(b"".join(blob.bytes() for blob in pair.cert_chain_pems))
        pair.private_key_pem.write_to_path(key)
        return certificate, key

    def server_context(self, *identities: str, clients: Authority | None = None, expired: bool = False) -> ssl.SSLContext:
        """Return a server's context; with `clients` it demands a certificate that they signed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(*(identities or ("127.0.0.1", "localhost")), expired=expired))
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients.file)
        return context


@dataclass(frozen=True)
class Authorities:
    """`ours` signed the servers; `other` is unknown to them, and they to it."""

    ours: Authority
    other: Authority
