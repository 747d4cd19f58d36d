"""Contexts that verify, and files that do not fit are reported by the name of their setting."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, load_pem_private_key

from squall.core.errors import ConfigurationError
from squall.core.kafka.security import NAMES
from squall.core.net.tls import TlsFiles, client_context, explain
from tests.support.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def locked(authority: Authority) -> tuple[Path, Path]:
    """A certificate whose key has a password."""
    certificate, key = authority.issue("locked")
    private = load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame")))
    return certificate, key


def test_a_context_checks_certificate_and_name_and_refuses_old_tls(authority: Authority) -> None:
    for files in (TlsFiles(), TlsFiles(authority.file), TlsFiles(authority.file, *authority.issue("me"))):
        context = client_context(files, NAMES)
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_key_with_a_password_is_opened_by_it(locked: tuple[Path, Path]) -> None:
    client_context(TlsFiles(None, *locked, "open sesame"), NAMES)


@pytest.mark.parametrize("password", ["", "hunter2"])
def test_a_wrong_key_password_is_reported_without_asking_at_the_terminal(locked: tuple[Path, Path], password: str) -> None:
    with pytest.raises(ConfigurationError, match="SQUALL_KAFKA__KEY_PASSWORD") as caught:
        client_context(TlsFiles(None, *locked, password), NAMES)
    assert "hunter2" not in str(caught.value) + repr(TlsFiles(None, *locked, password))


def test_files_that_do_not_fit_are_named(authority: Authority, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    certificate, key = authority.issue("me")
    other = authority.issue("you")[1]
    for files, named in (
        (TlsFiles(empty), "SQUALL_KAFKA__CA_FILE"),
        (TlsFiles(tmp_path / "missing.pem"), "SQUALL_KAFKA__CA_FILE"),
        (TlsFiles(None, certificate, other), "does not belong"),
        (TlsFiles(None, certificate, empty), "SQUALL_KAFKA__KEY_FILE"),
        (TlsFiles(None, empty, key), "SQUALL_KAFKA__CERTIFICATE_FILE"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            client_context(files, NAMES)
        assert named in str(caught.value)


def test_an_error_that_is_no_refusal_explains_nothing() -> None:
    for error in (ConnectionRefusedError(), TimeoutError(), ssl.SSLEOFError()):
        assert explain(error, "host:1", NAMES) is None
