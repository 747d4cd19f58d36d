"""TLS to a ClickHouse server: certificates, and refusals in terms of the setting that corrects them."""

from __future__ import annotations

import ssl
from typing import Final

from squall.core.errors import ConfigurationError, StoreRefusedError
from squall.core.net.tls import TlsFiles, TlsNames, client_context, probe

NAMES: Final = TlsNames(
    link="the store",
    address="SQUALL_STORE__URL",
    enable_hint="write clickhouses:// and the port for TLS (9440) in SQUALL_STORE__URL",
    port_hint="name the port for TLS (9440) in SQUALL_STORE__URL",
    ca="SQUALL_STORE__URL (?ca_certs=/path.pem)",
    certificate="SQUALL_STORE__URL (certfile=/path.pem)",
    key="SQUALL_STORE__URL (keyfile=/path.pem)",
    key_password="SQUALL_STORE__URL (keyfile=… without a password)",  # noqa: S106  a name, not a password
)


def tls_context(files: TlsFiles, verify: bool) -> ssl.SSLContext:
    """Return the context of a new connection.

    The files are read each time, because certificates are renewed while processes run.

    Args:
        files: certificates and key.
        verify: whether the server's certificate is checked.

    Raises:
        StoreRefusedError: a file is missing, or does not hold what it should.
    """
    try:
        context = client_context(files, NAMES)
    except ConfigurationError as error:
        raise StoreRefusedError(error.what, error.hint) from error
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def tls_refusal(host: str, port: int, context: ssl.SSLContext | None) -> StoreRefusedError | None:
    """Return why the server at `host` and `port` refuses TLS, plaintext or our certificate; None when it refuses none of these.

    Args:
        context: as `tls_context` returns it; None: plaintext.
    """
    trouble = probe(host, port, context, NAMES)
    return StoreRefusedError(trouble.what, trouble.hint) if trouble else None
