"""A client.properties of Kafka, as its own tools take it: what Squall reads of it, and what it says of the rest."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.config.files.client_properties import read_client_properties
from squall.core.config.kafka import KafkaSettings
from squall.core.config.loading import load_settings, unused_properties
from squall.core.errors import ConfigurationError
from tests.support.certificates import Authorities

SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
TYPICAL = f"""\
# of the platform team
bootstrap.servers=kafka-1.example:9094,\\
                  kafka-2.example:9094
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-256
sasl.jaas.config={SCRAM} required username="squall" password="two \\\\"words\\\\" \u00e9;";
ssl.truststore.type=PEM
ssl.truststore.location={{ca}}
request.timeout.ms=15000
ssl.endpoint.identification.algorithm=https
enable.idempotence=true
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "client.properties"
    path.touch(0o600)
    monkeypatch.setenv("SQUALL_KAFKA__PROPERTIES_FILE", str(path))
    return path


def write(file: Path, text: str) -> None:
    file.write_text(text, "latin-1")


def test_a_typical_file_gives_the_settings_and_names_what_has_no_effect(file: Path, authorities: Authorities) -> None:
    write(file, TYPICAL.replace("{ca}", str(authorities.ours.file)))
    settings = load_settings()
    assert settings.kafka == KafkaSettings(
        properties_file=file,
        bootstrap_servers="kafka-1.example:9094,kafka-2.example:9094",
        security="sasl_tls",
        sasl_mechanism="SCRAM-SHA-256",
        username="squall",
        password='two "words" \u00e9;',
        ca_file=authorities.ours.file,
        request_timeout_seconds=15.0,
    )
    assert unused_properties(settings).endswith("Squall has no use for ssl.endpoint.identification.algorithm, enable.idempotence")
    assert unused_properties(settings.model_copy(update={"kafka": KafkaSettings()})) == ""


def test_a_setting_of_its_own_comes_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file, "bootstrap.servers=one:9092\ngroup.id=theirs\n")
    monkeypatch.setenv("SQUALL_KAFKA__GROUP_ID", "ours")
    kafka = load_settings(overrides={"kafka": {"bootstrap_servers": "two:9092"}}).kafka
    assert (kafka.bootstrap_servers, kafka.group_id) == ("two:9092", "ours")


@pytest.mark.parametrize(
    ("name", "ours"),
    [("SASL_SSL", "sasl_tls"), ("sasl_ssl", "sasl_tls"), ("SASL_PLAINTEXT", "sasl_plaintext"), ("SSL", "tls"), ("PLAINTEXT", "plaintext")],
)
def test_protocols_are_understood_by_their_names_in_kafka(name: str, ours: str) -> None:
    login = {"username": "u", "password": "p"} if "sasl" in ours else {}
    assert KafkaSettings(security=name, **login).security == ours


def test_a_pem_key_store_is_certificate_and_key(file: Path, authorities: Authorities, tmp_path: Path) -> None:
    certificate, key = authorities.ours.issue("squall")
    both = tmp_path / "client.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    write(file, f"security.protocol=SSL\nssl.keystore.type=PEM\nssl.keystore.location={both}\nssl.key.password=secret\n")
    kafka = load_settings().kafka
    assert (kafka.certificate_file, kafka.key_file, kafka.key_password.get_secret_value()) == (both, both, "secret")


def test_tokens_are_asked_for_with_the_client_of_the_login_module(file: Path) -> None:
    module = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
    write(
        file,
        "security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=https://id.example/token\n"
        f"sasl.jaas.config={module} required clientId='squall' clientSecret='hush' scope='kafka';\n",
    )
    kafka = load_settings().kafka
    assert (kafka.username, kafka.password.get_secret_value(), kafka.oauth_scope) == ("squall", "hush", "kafka")
    assert kafka.oauth_token_url == "https://id.example/token"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"sasl.jaas.config={SCRAM} required username='u' password='hunter2'", "semicolon"),
        (f"sasl.jaas.config={SCRAM} required username='u' password='hunter2;", "not of the form"),
        (f"sasl.jaas.config={SCRAM} required username hunter2;", "not of the form"),
        ("sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required password='hunter2';", "Krb5LoginModule.*not support"),
        (f"sasl.mechanism=PLAIN\nsasl.jaas.config={SCRAM} required username='u' password='hunter2';", "sasl.mechanism PLAIN"),
        ("sasl.mechanism=GSSAPI", r"SQUALL_KAFKA__SASL_MECHANISM.*OAUTHBEARER"),
        ("security.protocol=SASL_TLS\n", "SQUALL_KAFKA__SECURITY"),
        ("request.timeout.ms=soon", "request.timeout.ms is 'soon'"),
        ("ssl.truststore.certificates=-----BEGIN CERTIFICATE-----", "named in ssl.truststore.location"),
        ("ssl.keystore.certificate.chain=-----BEGIN CERTIFICATE-----", "named in ssl.keystore.location"),
        ("ssl.truststore.location=/nowhere/ca.pem", "/nowhere/ca.pem does not exist"),
        ("a=\\u00g0", "not a Java properties file"),
    ],
    ids=lambda each: each.partition("=")[0][-20:] if "=" in each else each[:12].replace(" ", "-"),
)
def test_what_can_not_be_used_is_an_error_that_shows_no_password(file: Path, text: str, says: str) -> None:
    write(file, text)
    with pytest.raises(ConfigurationError, match=says) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "head", "says"),
    [
        ("truststore", b"\xfe\xed\xfe\xed", r"JKS.*keytool -list -rfc -keystore store \| sed"),
        ("keystore", b"\xfe\xed\xfe\xed", r"JKS.*keytool -importkeystore -srckeystore store .*&& openssl pkcs12"),
        ("keystore", b"\x30\x82", "PKCS12.*openssl pkcs12 -in store -out client.pem"),
        ("truststore", b"text", "unknown"),
    ],
)
def test_a_java_store_is_an_error_with_the_command_that_exports_it(file: Path, tmp_path: Path, kind: str, head: bytes, says: str) -> None:
    store = tmp_path / "store"
    store.write_bytes(head + b"...")
    write(file, f"security.protocol=SSL\nssl.{kind}.location={store}\n")
    with pytest.raises(ConfigurationError, match=says):
        load_settings()


@given(st.text(st.characters(exclude_categories=["Cs"], max_codepoint=255), min_size=1), st.sampled_from("\"'"))
def test_any_password_survives_the_quotes_of_a_login_module(tmp_path_factory: pytest.TempPathFactory, password: str, quote: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.properties"
    quoted = quote + "".join(f"\\{sign}" if sign in "\\\"'" else sign for sign in password) + quote
    value = "".join(f"\\u{ord(sign):04x}" for sign in f"{SCRAM} required username=u password={quoted};")
    write(file, f"sasl.jaas.config={value}")
    assert read_client_properties(file).settings["password"] == password


def test_bytes_that_are_no_text_are_an_error_and_not_a_crash(file: Path) -> None:
    file.write_bytes(b"sasl.jaas.config=" + base64.b85encode(bytes(range(200))))
    with pytest.raises(ConfigurationError):
        load_settings()
