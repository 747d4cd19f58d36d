"""A Java client's `client.properties` for Kafka, read as the settings of the section `kafka`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import javaproperties

from squall.core.config.files.regular import MOST_SETTINGS_BYTES, read_regular_file
from squall.core.errors import ConfigurationError

_SAME: Final = {
    "bootstrap.servers": "bootstrap_servers",
    "security.protocol": "security",
    "sasl.mechanism": "sasl_mechanism",
    "group.id": "group_id",
    "ssl.key.password": "key_password",
    "sasl.oauthbearer.token.endpoint.url": "oauth_token_url",
    "sasl.oauthbearer.client.credentials.client.id": "username",
    "sasl.oauthbearer.client.credentials.client.secret": "password",
    "sasl.oauthbearer.scope": "oauth_scope",
}
"""Keys of Kafka whose value is that of a setting."""
_LOGIN_OPTIONS: Final = {
    "username": "username",
    "password": "password",
    "clientId": "username",
    "clientSecret": "password",
    "scope": "oauth_scope",
}
"""Options of a login module, and the settings that they are."""
_MODULES: Final = {
    "PlainLoginModule": ("PLAIN",),
    "ScramLoginModule": ("SCRAM-SHA-512", "SCRAM-SHA-256"),
    "OAuthBearerLoginModule": ("OAUTHBEARER",),
}
_JAAS: Final = "sasl.jaas.config"
_IMPLIED: Final = ("ssl.truststore.type", "ssl.keystore.type", "sasl.login.callback.handler.class")
"""What a file says of itself, and what follows from the mechanism."""
_INLINE: Final = ("ssl.truststore.certificates", "ssl.keystore.certificate.chain", "ssl.keystore.key")
_JAVA_STORES: Final = {b"\xfe\xed\xfe\xed": "JKS", b"\xce\xce\xce\xce": "JCEKS"}


@dataclass(frozen=True, slots=True)
class ClientProperties:
    """What a file says.

    Args:
        settings: key of the section `kafka` → value.
        unused: keys that Squall has no use for, in the order of the file.
    """

    settings: Mapping[str, object] = field(repr=False)
    unused: tuple[str, ...]


def read_client_properties(path: Path) -> ClientProperties:
    """Read `path`, as the tools and clients of Apache Kafka read it (`--command-config`).

    Raises:
        ConfigurationError: it can't be read, or a value can't be used; names the file and the key, and no value of a login.
    """
    try:
        given = javaproperties.loads(read_regular_file(path, MOST_SETTINGS_BYTES))
    except ValueError as error:  # an escape that is none
        raise ConfigurationError(f"{path} is not a Java properties file: {error}", "correct SQUALL_KAFKA__PROPERTIES_FILE") from None
    settings: dict[str, object] = {}
    if _JAAS in given:
        settings |= _login(path, given[_JAAS], given.get("sasl.mechanism"))
    settings |= {_SAME[key]: value for key, value in given.items() if key in _SAME}
    if "request.timeout.ms" in given:
        settings["request_timeout_seconds"] = _seconds(path, given["request.timeout.ms"])
    if "ssl.truststore.location" in given:
        settings["ca_file"] = _pem(path, "ssl.truststore", given["ssl.truststore.location"])
    if "ssl.keystore.location" in given:  # Kafka's PEM key store: the private key and the chain of its certificate in one file
        settings["certificate_file"] = settings["key_file"] = _pem(path, "ssl.keystore", given["ssl.keystore.location"])
    for key in _INLINE:
        if key in given:
            where = f"{key.rpartition('.')[0].removesuffix('.certificate')}.location"
            raise ConfigurationError(f"{path}: {key} holds PEM, and Squall reads it from files", f"write it to a file, named in {where}")
    used = {*_SAME, _JAAS, "request.timeout.ms", "ssl.truststore.location", "ssl.keystore.location", *_IMPLIED}
    return ClientProperties(settings, tuple(key for key in given if key not in used))


def _seconds(path: Path, text: str) -> float:
    try:
        return int(text) / 1000
    except ValueError:
        raise ConfigurationError(f"{path}: request.timeout.ms is {text!r}", "write whole milliseconds") from None


def _login(path: Path, jaas: str, mechanism: str | None) -> dict[str, str]:
    """Return the settings of `MODULE required username="…" password="…";`."""
    try:
        module, _flag, *rest = _tokens(jaas)
        if rest[-1] != ";" or any(sign != "=" for sign in rest[1:-1:3]):
            raise ValueError
    except (ValueError, IndexError):
        raise ConfigurationError(
            f'{path}: {_JAAS} is not of the form MODULE required username="…" password="…";', "correct it; the semicolon belongs to it"
        ) from None
    known = _MODULES.get(module.rpartition(".")[2])
    if known is None:
        raise ConfigurationError(f"{path}: {_JAAS} names {module}, which Squall does not support", f"supported: {', '.join(_MODULES)}")
    if mechanism is not None and mechanism not in known:
        raise ConfigurationError(f"{path}: {_JAAS} names {module}, which is not for the sasl.mechanism {mechanism}", "correct one of them")
    options = dict(zip(rest[:-1:3], rest[2:-1:3], strict=True))
    return {"sasl_mechanism": known[0]} | {_LOGIN_OPTIONS[name]: value for name, value in options.items() if name in _LOGIN_OPTIONS}


def _tokens(text: str) -> Iterator[str]:
    """Yield words, quoted texts, `=` and `;` as Java's StreamTokenizer does for JAAS.

    Raises:
        ValueError: a quote is not closed.
    """
    at = 0
    while at < len(text):
        sign = text[at]
        if sign.isspace():
            at += 1
        elif sign in "=;":
            yield sign
            at += 1
        elif sign in "\"'":
            value, at = _quoted(text, at)
            yield value
        else:
            end = next((i for i in range(at, len(text)) if text[i].isspace() or text[i] in "=;\"'"), len(text))
            yield text[at:end]
            at = end


def _quoted(text: str, start: int) -> tuple[str, int]:
    """Return the text of the quotes that open at `start`, and the place behind them; a backslash takes the next sign as it is."""
    signs, at = [], start + 1
    while text[at : at + 1] != text[start]:
        at += text[at : at + 1] == "\\"
        if at >= len(text):
            raise ValueError("a quote is not closed")
        signs.append(text[at])
        at += 1
    return "".join(signs), at + 1


def _pem(path: Path, kind: str, location: str) -> str:
    """Return the location of a store if it is PEM; a relative one is relative to the working directory, as it is for Java."""
    store = Path(location)
    head = read_regular_file(store, MOST_SETTINGS_BYTES)
    form = _JAVA_STORES.get(head[:4]) or ("" if b"-----BEGIN " in head else "PKCS12" if head[:1] == b"\x30" else "unknown")
    if not form:
        return location
    if kind == "ssl.truststore":
        export = f"keytool -list -rfc -keystore {store.name} | sed -n '/BEGIN/,/END/p' > ca.pem"
    elif form == "PKCS12":
        export = f"openssl pkcs12 -in {store.name} -out client.pem"
    else:
        to_pkcs12 = f"keytool -importkeystore -srckeystore {store.name} -destkeystore client.p12 -deststoretype PKCS12"
        export = f"{to_pkcs12} && openssl pkcs12 -in client.p12 -out client.pem"
    raise ConfigurationError(
        f"{path}: {kind}.location names {store}, which is of the form {form}; Squall reads PEM",
        f"export it ({export}), and name the new file with {kind}.type=PEM",
    )
