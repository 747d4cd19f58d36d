"""TLS for all clients: contexts that verify, and handshake errors in terms of the settings to correct."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from squall.core.errors import ConfigurationError
from squall.core.net.deadline import Deadline, connect

PROBE_SECONDS: Final = 2.0
"""Time limit of a probe, from looking up the name to the end of the handshake."""
_ALERT_SECONDS: Final = 0.3
"""With TLS 1.3 a server refuses a client's certificate only after the client's handshake is over."""
_EXPIRED: Final = {9, 10}  # not yet valid, no longer valid
_OTHER_NAME: Final = {62, 63, 64}  # host, e-mail, address
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
_OLD_TLS: Final = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files in PEM.

    Args:
        ca: certificates that are trusted; None: those of the system.
        certificate: of the client, with the chain to its CA; None: without one.
        key: of that certificate; None: it is in the same file.
        key_password: opens the key.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TlsNames:
    """Names of the settings of a connection, for messages.

    Args:
        link: what is reached, as `Kafka`.
        address: names the host.
        enable_hint: what to set where the server speaks TLS and the client does not.
        port_hint: what to check where the client speaks TLS and the server does not.
        ca: names the trusted certificates.
        certificate: names the client certificate; empty: the connection has none.
        key: names its key.
        key_password: names the password of the key.
    """

    link: str
    address: str
    enable_hint: str
    port_hint: str
    ca: str
    certificate: str = ""
    key: str = ""
    key_password: str = ""


def client_context(files: TlsFiles, names: TlsNames) -> ssl.SSLContext:
    """Return a context for TLS 1.2 or newer that checks the server's certificate and name.

    Raises:
        ConfigurationError: a file is invalid; names the setting.
    """
    try:
        context = ssl.create_default_context(cafile=str(files.ca) if files.ca else None)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{files.ca} holds no CA certificates: {_words(error)}", f"correct {names.ca}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.certificate is None:
        return context
    try:
        # a callable, always: without one OpenSSL would ask at the terminal
        context.load_cert_chain(files.certificate, files.key, password=lambda: files.key_password)
    except (OSError, ValueError) as error:
        raise _bad_pair(files, names, error) from error
    return context


def _bad_pair(files: TlsFiles, names: TlsNames, error: BaseException) -> ConfigurationError:
    key = files.key or files.certificate
    if "KEY_VALUES_MISMATCH" in str(error):
        return ConfigurationError(f"the key {key} does not belong to {files.certificate}", f"correct {names.key} or {names.certificate}")
    if key and _is_encrypted(key):  # OpenSSL does not distinguish a wrong password from a broken file
        return ConfigurationError(f"the key {key} can't be opened with the password given", f"correct {names.key_password}")
    return ConfigurationError(
        f"{files.certificate} with the key {key} can't be used: {_words(error)}", f"correct {names.certificate} and {names.key}, both PEM"
    )


def _is_encrypted(key: Path) -> bool:
    try:
        return b"ENCRYPTED" in key.read_bytes()
    except OSError:
        return False


def explain(error: BaseException, where: str, names: TlsNames) -> ConfigurationError | None:
    """Return what a failed handshake means for the settings; None if neither `error` nor its causes are a refusal.

    Args:
        error: as a library raised it.
        where: `host:port`.
        names: of the link's settings.
    """
    found = next((each for each in _chain(error) if isinstance(each, ssl.SSLError)), None)
    return None if found is None else _explanation(found, f"{names.link} at {where}", names)


def _explanation(error: ssl.SSLError, peer: str, names: TlsNames) -> ConfigurationError | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unverified(error, peer, names)
    reason = str(getattr(error, "reason", "")).upper()
    if any(sign in reason for sign in _NOT_TLS):
        return ConfigurationError(f"{peer} does not speak TLS", names.port_hint)
    if any(sign in reason for sign in _OLD_TLS):
        return ConfigurationError(f"{peer} speaks only TLS older than 1.2", "enable TLS 1.2 or newer on the server")
    if "ALERT" in reason and names.certificate:
        words = reason.partition("ALERT_")[2].replace("_", " ").lower()
        return ConfigurationError(
            f"{peer} refused the client certificate: {words}",
            f"set {names.certificate} and {names.key} to a pair that is valid and whose CA the server trusts",
        )
    return None


def _unverified(error: ssl.SSLCertVerificationError, peer: str, names: TlsNames) -> ConfigurationError:
    what = f"the certificate of {peer} was not accepted: {error.verify_message}"
    if error.verify_code in _EXPIRED:
        return ConfigurationError(what, "renew the server's certificate, and check this machine's clock")
    if error.verify_code in _OTHER_NAME:
        return ConfigurationError(what, f"write the name that is in the certificate in {names.address}")
    return ConfigurationError(what, f"name the CA that signed it in {names.ca}")


def probe(
    host: str, port: int, context: ssl.SSLContext | None, names: TlsNames, deadline: Deadline | None = None
) -> ConfigurationError | None:
    """Probe a server after a client failed, because most client libraries do not report the reason.

    Args:
        host: name or address.
        port: of the server.
        context: as the client has it; None: the client speaks plaintext.
        names: of the link's settings.
        deadline: None: `PROBE_SECONDS` from now.

    Returns:
        What to correct; None if the handshake is not what failed (no server listens, for example).
    """
    where = f"{host}:{port}"
    deadline = deadline or Deadline(PROBE_SECONDS)
    if context is None:
        if _speaks_tls(host, port, deadline):
            return ConfigurationError(f"{names.link} at {where} expects TLS, and the connection is in plaintext", names.enable_hint)
        return None
    try:
        with connect(host, port, deadline) as plain, context.wrap_socket(plain, server_hostname=host) as secure:
            secure.settimeout(_ALERT_SECONDS)
            secure.recv(1)
    except (ssl.SSLError, OSError, ValueError) as error:
        return explain(error, where, names)
    return None


def _speaks_tls(host: str, port: int, deadline: Deadline) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False  # this connection carries no data; only the handshake is inspected
    context.verify_mode = ssl.CERT_NONE
    try:
        with connect(host, port, deadline) as plain, context.wrap_socket(plain, server_hostname=host):
            return True
    except ssl.SSLEOFError:
        return False
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "").upper()
    except (OSError, ValueError):
        return False


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and those that caused it; libraries also hand one on as the argument of another."""
    while error is not None:
        yield error
        yield from (each for each in error.args if isinstance(each, BaseException))
        error = error.__cause__ or error.__context__


def _words(error: BaseException) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
