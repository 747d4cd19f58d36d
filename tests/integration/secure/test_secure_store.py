"""ClickHouse by TLS: the unmodified driver against the native gateway behind TLS, let in and refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from squall import storage
from squall.core.errors import ConfigurationError, StoreError, StoreRefusedError, StoreUnavailableError
from squall.storage.backends.server import ServerBackend
from tests.support.certificates import Authorities
from tests.support.gateway_process import GatewayProcess
from tests.support.tls_end import TlsEnd

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    running = GatewayProcess(tmp_path_factory.mktemp("gateway"))
    yield running
    running.kill()


@pytest.fixture(scope="module")
def tls(gateway: GatewayProcess, authorities: Authorities) -> Iterator[int]:
    """The port of the gateway behind TLS."""
    end = TlsEnd(authorities.ours.server_context(), gateway.port)
    yield end.port
    end.close()


@pytest.fixture(scope="module")
def strict(gateway: GatewayProcess, authorities: Authorities) -> Iterator[int]:
    """The same, which demands a client certificate."""
    end = TlsEnd(authorities.ours.server_context(clients=authorities.ours), gateway.port)
    yield end.port
    end.close()


def url(port: int, *options: str, user: str = "squall:secret", scheme: str = "clickhouses", host: str = "127.0.0.1") -> str:
    return f"{scheme}://{user}@{host}:{port}/default?{'&'.join(options)}"


def refused(address: str) -> StoreError:
    with closing(ServerBackend(address, timeout_seconds=3)) as backend, pytest.raises(StoreRefusedError) as caught:
        backend.select("SELECT 1", {})
    assert isinstance(caught.value, ConfigurationError)
    assert not isinstance(caught.value, StoreUnavailableError)
    assert "secret" not in str(caught.value)
    return caught.value


def test_the_store_works_over_tls_with_a_ca_of_ones_own(tls: int, authorities: Authorities) -> None:
    with closing(storage.open(url(tls, f"ca_certs={authorities.ours.file}"))) as store:
        store.schema.migrate()
        assert store.counts.totals().documents == 0


def test_a_certificate_of_an_unknown_ca_names_the_option(tls: int, authorities: Authorities) -> None:
    for options in ([f"ca_certs={authorities.other.file}"], []):
        assert "ca_certs" in refused(url(tls, *options)).hint


def test_a_certificate_for_another_host_names_the_url(gateway: GatewayProcess, authorities: Authorities) -> None:
    end = TlsEnd(authorities.ours.server_context("db.example"), gateway.port)
    try:
        error = refused(url(end.port, f"ca_certs={authorities.ours.file}"))
    finally:
        end.close()
    assert "not valid for '127.0.0.1'" in error.what
    assert "SQUALL_STORE__URL" in error.hint


def test_a_client_certificate_is_shown_where_the_server_demands_one(strict: int, authorities: Authorities) -> None:
    certificate, key = authorities.ours.issue("squall")
    address = url(strict, f"ca_certs={authorities.ours.file}", f"certfile={certificate}", f"keyfile={key}")
    with closing(ServerBackend(address, timeout_seconds=3)) as backend:
        assert list(backend.select("SELECT 7", {})) == [(7,)]


def test_without_a_valid_client_certificate_the_error_names_the_option(strict: int, authorities: Authorities) -> None:
    trusted = f"ca_certs={authorities.ours.file}"
    assert "certfile" in refused(url(strict, trusted)).hint
    certificate, key = authorities.other.issue("squall")
    assert "certfile" in refused(url(strict, trusted, f"certfile={certificate}", f"keyfile={key}")).hint


def test_a_wrong_password_over_tls_names_both_settings(tls: int, authorities: Authorities) -> None:
    error = refused(url(tls, f"ca_certs={authorities.ours.file}", user="nobody:secret"))
    assert "SQUALL_STORE__URL" in error.hint
    assert "SQUALL_STORE__PASSWORD" in error.hint


def test_plaintext_to_a_tls_port_and_the_reverse_name_the_scheme_and_the_port(
    tls: int, gateway: GatewayProcess, authorities: Authorities
) -> None:
    assert "clickhouses://" in refused(url(tls, scheme="clickhouse")).hint
    store = storage.open(url(gateway.port, f"ca_certs={authorities.ours.file}"), timeout_seconds=3)
    with closing(store), pytest.raises(StoreUnavailableError, match="SQUALL_STORE__URL names it with its port for TLS"):
        store.ping()


def test_a_certificate_that_is_renewed_under_a_running_process_is_used(strict: int, authorities: Authorities, tmp_path: Path) -> None:
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    for target, source in zip((certificate, key), authorities.other.issue("squall"), strict=True):
        target.write_bytes(source.read_bytes())
    address = url(strict, f"ca_certs={authorities.ours.file}", f"certfile={certificate}", f"keyfile={key}")
    with closing(ServerBackend(address, timeout_seconds=3)) as backend:
        with pytest.raises(StoreRefusedError):
            backend.select("SELECT 1", {})
        for target, source in zip((certificate, key), authorities.ours.issue("renewed"), strict=True):
            target.write_bytes(source.read_bytes())
        assert list(backend.select("SELECT 7", {})) == [(7,)]


def test_a_file_that_is_no_certificate_is_reported_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for option in (f"ca_certs={tmp_path / 'empty.pem'}", f"ca_certs={tmp_path / 'missing.pem'}", f"certfile={tmp_path / 'empty.pem'}"):
        with pytest.raises(ConfigurationError, match="SQUALL_STORE__URL"):
            storage.open(url(9440, option))
