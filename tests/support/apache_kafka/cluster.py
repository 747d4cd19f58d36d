"""Brokers of Apache Kafka as child processes: started, stopped, killed, paused one by one."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from squall.app.dev_broker import free_ports
from squall.core.config.kafka import KafkaSettings
from squall.core.kafka.client import open_client
from tests.support.apache_kafka.installation import libraries

START_SECONDS = 90.0
IMPATIENT = {"reconnect_backoff_max_ms": 200, "bootstrap_timeout_ms": 2_000}
"""kafka-python's pauses between attempts grow to 30 s, longer than a start takes."""
SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")
USER, PASSWORD = "squall", "correct horse"
JVM = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
SECURITY = {"PLAINTEXT": "plaintext", "TLS": "tls", "MTLS": "tls", "SASL": "sasl_tls", "SASL_OPEN": "sasl_plaintext"}
"""What a client may choose, and the setting for it: no security, TLS, TLS with a client certificate, SASL over TLS, SASL over plaintext."""
LISTENERS = tuple(SECURITY)
PROTOCOLS = "CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,PLAINTEXT:PLAINTEXT,TLS:SSL,MTLS:SSL,SASL:SASL_SSL,SASL_OPEN:SASL_PLAINTEXT"


@dataclass(frozen=True)
class Identity:
    """The brokers' certificate chain and key, and the CA that signed clients, as PEM files."""

    chain: Path
    key: Path
    ca: Path


@dataclass
class Node:
    """One broker, which is a controller too."""

    number: int
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        """SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """SIGSTOP: it answers nobody and closes nothing."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(how)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process = None


class ApacheKafka:
    """A cluster of `nodes` brokers on free loopback ports, data in `folder`; use it as a context manager.

    Args:
        folder: for data, logs and settings.
        nodes: 1 or 3; topics are replicated to all of them.
        identity: of the brokers; None: there are no TLS listeners.
        overrides: more server properties.
    """

    def __init__(self, folder: Path, nodes: int = 1, identity: Identity | None = None, overrides: dict[str, str] | None = None) -> None:
        self._folder = folder
        self._identity = identity
        self._overrides = overrides or {}
        self._libraries = libraries()
        names = ("CONTROLLER", "INTERNAL", *self._listeners())
        ports = iter(free_ports(nodes * len(names)))
        self.nodes = [Node(n, folder / f"node-{n}", {name: next(ports) for name in names}) for n in range(1, nodes + 1)]

    def __enter__(self) -> Self:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        scram = [part for name in SCRAM for part in ("--add-scram", f"{name}=[name={USER},password={PASSWORD}]")]
        formats = []
        for node in self.nodes:
            node.folder.mkdir(parents=True)
            properties = node.folder / "server.properties"
            properties.write_text(self._properties(node))
            formats.append(
                self._java(node, "format.log", "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", properties, *scram)
            )
        for node, formatting in zip(self.nodes, formats, strict=True):
            assert formatting.wait(START_SECONDS) == 0, (node.folder / "format.log").read_text()[-3000:]
        try:
            for node in self.nodes:
                self.start(node)
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()

    @property
    def bootstrap(self) -> str:
        """Servers of the plaintext listeners."""
        return self.servers("PLAINTEXT")

    def servers(self, listener: str) -> str:
        """Servers of one of `LISTENERS`."""
        return ",".join(f"127.0.0.1:{node.ports[listener]}" for node in self.nodes)

    def start(self, node: Node) -> None:
        """Start a node that is not running; `wait` says when the cluster answers."""
        node.process = self._java(node, "server.log", "kafka.Kafka", node.folder / "server.properties")

    def restart(self, node: Node) -> None:
        """Stop a node, start it again and wait until it answers."""
        node.stop()
        self.start(node)
        self.wait()

    def settings(self, listener: str = "PLAINTEXT", **changes: Any) -> KafkaSettings:
        """Settings of a client for one of `LISTENERS`, with the login and the CA that it needs."""
        given: dict[str, Any] = {"bootstrap_servers": self.servers(listener), "security": SECURITY[listener]}
        if listener.startswith("SASL"):
            given |= {"username": USER, "password": PASSWORD}
        if self._identity and not listener.endswith(("PLAINTEXT", "OPEN")):
            given |= {"ca_file": self._identity.ca}
        return KafkaSettings(**(given | {"replication_factor": len(self.nodes)} | changes))

    def wait(self) -> None:
        """Wait until every node that is running is known to the others."""
        deadline = time.monotonic() + START_SECONDS
        running = [node for node in self.nodes if node.process]
        while True:
            try:
                admin = open_client(KafkaAdminClient, bootstrap_servers=self.bootstrap.split(","), request_timeout_ms=5_000, **IMPATIENT)
                try:
                    if len(admin.describe_cluster()["brokers"]) >= len(running):
                        return
                finally:
                    admin.close()
            except KafkaError:
                pass
            for node in running:
                assert node.process
                if node.process.poll() is not None:
                    raise AssertionError(f"node {node.number} ended:\n{(node.folder / 'server.log').read_text()[-3000:]}")
            assert time.monotonic() < deadline, f"Apache Kafka did not start within {START_SECONDS:.0f} s"
            time.sleep(0.3)

    def _java(self, node: Node, log: str, *arguments: object) -> subprocess.Popen[bytes]:
        command = ["java", *JVM, "-cp", f"{self._libraries}/*", *map(str, arguments)]
        environment = {name: value for name, value in os.environ.items() if name != "KAFKA_OPTS"}
        with (node.folder / log).open("ab") as out:
            return subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment, cwd=node.folder)

    def _listeners(self) -> tuple[str, ...]:
        return LISTENERS if self._identity else ("PLAINTEXT", "SASL_OPEN")

    def _properties(self, node: Node) -> str:
        count = len(self.nodes)
        listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in node.ports.items())
        settings = {
            "process.roles": "broker,controller",
            "node.id": str(node.number),
            "controller.quorum.voters": ",".join(f"{each.number}@127.0.0.1:{each.ports['CONTROLLER']}" for each in self.nodes),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "INTERNAL",
            "listeners": listeners,
            "advertised.listeners": ",".join(part for part in listeners.split(",") if not part.startswith("CONTROLLER")),
            "listener.security.protocol.map": PROTOCOLS,
            "log.dirs": str(node.folder / "data"),
            "num.partitions": "4",
            "default.replication.factor": str(count),
            "offsets.topic.replication.factor": str(count),
            "offsets.topic.num.partitions": "8",
            "transaction.state.log.replication.factor": str(count),
            "transaction.state.log.num.partitions": "4",
            "min.insync.replicas": str(min(2, count)),
            "group.initial.rebalance.delay.ms": "0",
            "broker.session.timeout.ms": "6000",
            "log.cleaner.dedupe.buffer.size": "2097152",
            **self._security(),
            **self._overrides,
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _security(self) -> dict[str, str]:
        login = "org.apache.kafka.common.security"
        settings: dict[str, str] = {}
        for listener in ("sasl", "sasl_open"):
            settings |= {
                f"listener.name.{listener}.sasl.enabled.mechanisms": ",".join(("PLAIN", "OAUTHBEARER", *SCRAM)),
                f"listener.name.{listener}.plain.sasl.jaas.config": f'{login}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
            }
            # takes tokens without a signature, whatever their subject
            settings[f"listener.name.{listener}.oauthbearer.sasl.jaas.config"] = f"{login}.oauthbearer.OAuthBearerLoginModule required;"
            settings |= {
                f"listener.name.{listener}.{name.lower()}.sasl.jaas.config": f"{login}.scram.ScramLoginModule required;" for name in SCRAM
            }
        if self._identity is None:
            return settings
        both = self._folder / "identity.pem"
        key = load_pem_private_key(self._identity.key.read_bytes(), None)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # the only form that Kafka reads
        both.write_bytes(private + self._identity.chain.read_bytes())
        return settings | {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(both),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self._identity.ca),
            "listener.name.mtls.ssl.client.auth": "required",
        }
