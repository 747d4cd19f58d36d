"""Settings of the Kafka connection and its topics."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from squall.core.config.sections import Positive, ReadableFile, Seconds, Section

KAFKA_PROTOCOLS: Final = {"plaintext": "PLAINTEXT", "tls": "SSL", "sasl_plaintext": "SASL_PLAINTEXT", "sasl_tls": "SASL_SSL"}
"""Ours and Kafka's names (`security.protocol`) of what protects a connection."""


def _ours(value: Any) -> Any:
    return next((ours for ours, kafkas in KAFKA_PROTOCOLS.items() if isinstance(value, str) and value.upper() == kafkas), value)


SecurityProtocol = Annotated[Literal["plaintext", "tls", "sasl_plaintext", "sasl_tls"], BeforeValidator(_ours)]
"""By our names; Kafka's are taken too, in any case."""
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


class KafkaSettings(Section):
    """The broker and its topics."""

    bootstrap_servers: str = Field("", description="host:port[,host:port]; empty: no broker, one machine")
    documents_topic: str = Field("squall.documents", min_length=1, description="topic that ingest writes and workers read")
    dead_letter_topic: str = Field("squall.dead_letters", min_length=1, description="topic for rejected messages")
    group_id: str = Field("squall", min_length=1, description="consumer group of the workers")
    partitions: Positive = Field(4, description="of the documents topic, when Squall creates it")
    replication_factor: Positive = Field(1, description="of both topics, when Squall creates them")
    retention_hours: Positive = Field(168, description="of both topics, when Squall creates them")
    request_timeout_seconds: Seconds = Field(30.0, description="timeout of one request to the broker")
    properties_file: ReadableFile = Field(
        None, description="a Java client.properties of Kafka; what is set here comes before what the file says"
    )
    security: SecurityProtocol = Field(
        "plaintext",
        description="encryption (tls) and login (sasl); or Kafka's name: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
    )
    sasl_mechanism: SaslMechanism = Field("SCRAM-SHA-512", description="with a `security` of sasl_…")
    username: str = Field("", description="with a `security` of sasl_…; with OAUTHBEARER the client id")
    password: SecretStr = Field(SecretStr(""), description="password of the user; with OAUTHBEARER the client secret")
    oauth_token_url: str = Field("", description="with OAUTHBEARER: token endpoint, asked by the grant client_credentials of OAuth 2.0")
    oauth_scope: str = Field("", description="with OAUTHBEARER: scope to ask for; empty: that of the endpoint")
    ca_file: ReadableFile = Field(None, description="trusted CA certificates (PEM); empty: those of the system")
    certificate_file: ReadableFile = Field(None, description="client certificate (PEM), if the broker requires one")
    key_file: ReadableFile = Field(None, description="private key (PEM) of the client certificate")
    key_password: SecretStr = Field(SecretStr(""), description="password of an encrypted private key")

    @field_validator("bootstrap_servers")
    @classmethod
    def _without_login(cls, value: str) -> str:
        if "@" in value or "://" in value:  # the value is not quoted: it may hold a password
            raise ValueError(
                "is host:port[,host:port], without a scheme and without a login: "
                "user and password go into SQUALL_KAFKA__USERNAME and SQUALL_KAFKA__PASSWORD"
            )
        return value

    @field_validator("oauth_token_url")
    @classmethod
    def _http(cls, value: str) -> str:
        if value and not value.lower().startswith(("https://", "http://")):
            raise ValueError("is a URL that begins with https://")
        return value

    @property
    def encrypted(self) -> bool:
        """Whether the connection uses TLS."""
        return self.security in {"tls", "sasl_tls"}

    @property
    def authenticates(self) -> bool:
        """Whether Squall logs in with a user name and password."""
        return self.security in {"sasl_plaintext", "sasl_tls"}

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        """Refuse a setting that would be ignored: the operator relies on it for protection."""
        has_login = bool(self.username or self.password.get_secret_value())
        missing = [
            f"SQUALL_KAFKA__{name.upper()}"
            for name, value in (("username", self.username), ("password", self.password.get_secret_value()))
            if not value
        ]
        if self.authenticates and missing:
            raise ValueError(f"a security of {self.security} needs {' and '.join(missing)}")
        if has_login and not self.authenticates:
            raise ValueError(
                "SQUALL_KAFKA__USERNAME and SQUALL_KAFKA__PASSWORD are used only with "
                f"SQUALL_KAFKA__SECURITY=sasl_tls (or sasl_plaintext), which is {self.security}"
            )
        oauth = self.authenticates and self.sasl_mechanism == "OAUTHBEARER"
        if oauth != bool(self.oauth_token_url) or (self.oauth_scope and not oauth):
            mechanism, url = "SQUALL_KAFKA__SASL_MECHANISM=OAUTHBEARER", "SQUALL_KAFKA__OAUTH_TOKEN_URL"
            raise ValueError(f"{mechanism} needs {url}" if oauth else f"{url} and _OAUTH_SCOPE are used only with {mechanism} and a login")
        if bool(self.certificate_file) != bool(self.key_file):
            given, other = ("CERTIFICATE", "KEY") if self.certificate_file else ("KEY", "CERTIFICATE")
            raise ValueError(f"SQUALL_KAFKA__{given}_FILE needs SQUALL_KAFKA__{other}_FILE")
        if self.key_password.get_secret_value() and not self.key_file:
            raise ValueError("SQUALL_KAFKA__KEY_PASSWORD needs SQUALL_KAFKA__KEY_FILE")
        if (self.ca_file or self.certificate_file) and not self.encrypted:
            raise ValueError(
                "SQUALL_KAFKA__CA_FILE and SQUALL_KAFKA__CERTIFICATE_FILE are used only with "
                f"SQUALL_KAFKA__SECURITY=tls or sasl_tls, which is {self.security}"
            )
        return self
