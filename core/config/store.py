"""Settings of the store, and the URL that clients open."""

from __future__ import annotations

from typing import Self
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, model_validator

from squall.core.config.sections import Positive, Seconds, Section
from squall.core.net.plaintext import refuse_plaintext

PLAINTEXT = "clickhouse"
SERVERS = (PLAINTEXT, "clickhouses")


class StoreSettings(Section):
    """ClickHouse: a server or embedded."""

    url: SecretStr = Field(
        SecretStr(""), description="clickhouse://user:password@host:9000/database or chdb:///folder; empty: chdb in data_dir"
    )
    password: SecretStr = Field(SecretStr(""), description="password for a server URL that contains none")
    retention_days: Positive = Field(400, description="rows expire this long after scoring")
    cluster: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_.{}-]{0,100}$",
        description="name of a cluster in the server's `remote_servers`: replicated and distributed tables; empty: one server",
    )
    timeout_seconds: Seconds = Field(30.0, description="timeout for connecting and for one request to a server")

    @model_validator(mode="after")
    def _password_is_used(self) -> Self:
        """Refuse a password that would be ignored: the operator relies on it for protection."""
        if self.password.get_secret_value() and not self.url.get_secret_value().startswith(tuple(f"{kind}://" for kind in SERVERS)):
            raise ValueError(
                "SQUALL_STORE__PASSWORD is used only with a SQUALL_STORE__URL that begins with clickhouses:// (or clickhouse://)"
            )
        return self

    def full_url(self, *, allow_plaintext: bool) -> str:
        """Return the URL including the password, empty when no URL is set. Never log it.

        Args:
            allow_plaintext: the setting of that name.

        Raises:
            ConfigurationError: the URL leads to another machine in plaintext, and that is not allowed.
        """
        url, password = self.url.get_secret_value(), self.password.get_secret_value()
        try:
            parts = urlsplit(url)
            host, known = parts.hostname or "", parts.password
        except ValueError:
            return url  # opening it reports what is wrong with it
        if parts.scheme == PLAINTEXT:
            instead = "write clickhouses:// in SQUALL_STORE__URL, with the port for TLS (9440)"
            refuse_plaintext("the store", [host], instead, allowed=allow_plaintext)
        if not password or known or parts.scheme not in SERVERS:
            return url
        user = parts.username or "default"
        return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}").geturl()
