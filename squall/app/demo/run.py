"""`squall demo`: the pipeline of a cluster on one machine, its result compared with a script.

This process runs the node: Faust worker, store, detector, e-mails, page. Its children are the development broker, and `squall replay`
as the ingest worker, at the chosen speed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import orjson
from kafka import KafkaProducer
from kafka.errors import KafkaError

from squall.alerts.service import DETECTOR, AlertService
from squall.app.demo.report import DemoReport, Sent, build_report
from squall.app.dev_broker import DevelopmentBroker
from squall.app.metrics_and_probes import serving
from squall.app.node import Node
from squall.app.pipeline import Pipeline, kafka_dead_letters, open_pipeline
from squall.app.signals import stop_on_signals
from squall.core.clock import Clock
from squall.core.config.files.permissions import private_folder
from squall.core.config.settings import Settings
from squall.core.errors import SquallError
from squall.core.kafka.client import client_arguments, open_client, unavailable
from squall.ingest.synthetic.stream import StreamScript, write_stream

log = logging.getLogger("squall.demo")

POISON = (b"{broken", b"[]", b"null", b'{"id": 5}', b"\xff\xfe\x00", b'{"title": "no id, no time"}')
"""Messages that a faulty foreign producer writes directly to the documents topic."""
STALLED_SECONDS = 120.0
"""The demo gives up when neither the worker nor the detector comes further for so long: a slow machine is waited for."""


class DemoOutput(Protocol):
    """Shows a user what the demo does."""

    def progress(self, done: int, total: int, duplicates: int, dead_letters: int) -> None:
        """Called while messages are processed."""

    def report(self, report: DemoReport) -> None:
        """Called once, with the result."""

    def running(self, page_url: str, settings: Settings) -> None:
        """Called when everything is left running after the report."""


@dataclass
class Ingest:
    """The process of the ingest worker, and its summary."""

    process: subprocess.Popen[bytes]
    log: Path
    summary: dict[str, Any] = field(default_factory=dict)

    def finish(self) -> None:
        """Read the summary of the process, which has ended; raises `SquallError` when it failed."""
        out, _ = self.process.communicate()
        if self.process.returncode != 0:
            raise SquallError(f"the ingest worker failed with exit code {self.process.returncode}", f"read {self.log}")
        self.summary = orjson.loads(out.splitlines()[-1])


def run_demo(
    settings: Settings, clock: Clock, output: DemoOutput, *, speed: str, seed: int, keep: bool, global_arguments: Sequence[str] = ()
) -> DemoReport:
    """Run the demo and return its report.

    Args:
        settings: the user's; folder, topics and group are replaced by the demo's own.
        clock: of this process.
        output: shows progress and report.
        speed: event time per second, such as `4320x`.
        seed: of the stream.
        keep: leave everything running after the report, until a signal.
        global_arguments: options before the command for child processes, such as `--config FILE`.

    Raises:
        StoreLockedError: another demo is running in this folder.
        SquallError: a part failed.
    """
    folder = settings.data_dir / "demo"
    settings = demo_settings(settings, folder)
    with stop_on_signals() as stop, ExitStack() as stack:
        clear(folder, settings)
        script = write_stream(folder / "stream.jsonl.gz", seed)
        if not settings.kafka.bootstrap_servers:
            broker = DevelopmentBroker(folder / "broker", 0, clock)
            broker.start()
            stack.callback(broker.stop)
            settings = with_broker(settings, broker)
        health = stack.enter_context(serving(settings, clock, "broker", "store", "model"))
        sink = stack.enter_context(kafka_dead_letters(settings, stop, health))
        pipeline = stack.enter_context(open_pipeline(settings, clock, stop, sink, health))
        replay = [*global_arguments, "replay", str(folder / "stream.jsonl.gz"), "--speed", speed, "--json"]
        return asyncio.run(Demo(settings, pipeline, script, folder, replay, output, keep=keep).run())


def demo_settings(settings: Settings, folder: Path) -> Settings:
    """Return `settings` with the demo's own folder, topics and group, and with a detector interval that suits replayed time.

    Its crisis is made up: mails go to the folder only, never to the user's mail server or other receivers.
    """
    kafka = settings.kafka.model_copy(
        update={"documents_topic": "squall.demo.documents", "dead_letter_topic": "squall.demo.dead_letters", "group_id": "squall-demo"}
    )
    detector = settings.detector.model_copy(update={"interval_seconds": 1.0, "idle_seconds": 3.0})
    mails: dict[str, object] = {"notify_history": True, "smtp_host": "", "outbox": None, "receivers": (), "routes": ()}
    alerts = settings.alerts.model_copy(update=mails)
    web = settings.web if "port" in settings.web.model_fields_set else settings.web.model_copy(update={"port": 0})
    return settings.model_copy(update={"data_dir": folder, "kafka": kafka, "detector": detector, "alerts": alerts, "web": web})


def with_broker(settings: Settings, broker: DevelopmentBroker) -> Settings:
    """Return `settings` pointed at `broker`."""
    return settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap_servers": broker.bootstrap_servers})})


def clear(folder: Path, settings: Settings) -> None:
    """Remove the data of an earlier demo.

    Raises:
        StoreLockedError: a demo that was left running with --keep uses the folder.
    """
    from squall import storage

    if (folder / "chdb").exists() and settings.store_url.startswith("chdb:"):
        storage.open(settings.store_url).close()
    shutil.rmtree(folder, ignore_errors=True)
    private_folder(folder)


class Demo:
    """One run: publish, wait until everything is stored and evaluated, report.

    Args:
        settings: the demo's own.
        pipeline: store, engine, processor.
        script: what the stream holds.
        folder: of the demo's data.
        replay: arguments of the ingest worker's command line.
        output: shows progress and report.
        keep: run on after the report.
    """

    def __init__(
        self,
        settings: Settings,
        pipeline: Pipeline,
        script: StreamScript,
        folder: Path,
        replay: Sequence[str],
        output: DemoOutput,
        *,
        keep: bool,
    ) -> None:
        self.settings = settings
        self.pipeline = pipeline
        self.script = script
        self.folder = folder
        self.replay = replay
        self.output = output
        self.keep = keep
        self.poisoned = 0
        self.ingest: Ingest | None = None

    async def run(self) -> DemoReport:
        """Run the node and the ingest worker side by side; returns the report after showing it."""
        node = Node(self.pipeline)
        running = asyncio.create_task(node.run())
        started = self.pipeline.clock.monotonic()
        try:
            await self._watch(running, node.alerts)
            assert self.ingest is not None
            sent = Sent(self.ingest.summary["sent"], self.ingest.summary["rejected"], self.poisoned)
            seconds = self.pipeline.clock.monotonic() - started
            report = await asyncio.to_thread(build_report, self.settings, self.pipeline, self.script, sent, seconds)
            self.output.report(report)
            if self.keep:
                self.output.running(node.page.url, self.settings)
                await running
        finally:
            self.pipeline.stop.set()
            self._end_ingest()
            await running
        return report

    async def _watch(self, running: asyncio.Task[None], alerts: AlertService) -> None:
        """Publish everything, then wait until it is stored, the detector has evaluated it, and its messages were tried."""
        self.ingest = self._start_ingest()
        await asyncio.to_thread(self._publish_poison)
        while self.ingest.process.poll() is None:
            await self._tick(running)
        self.ingest.finish()
        moved_at, place = self.pipeline.clock.monotonic(), self._place()
        while not await asyncio.to_thread(self._finished, alerts):
            await self._tick(running)
            now, before = self.pipeline.clock.monotonic(), place
            place = await asyncio.to_thread(self._place)
            moved_at = moved_at if place == before else now
            if now - moved_at > STALLED_SECONDS:
                log.error("neither the worker nor the detector has come further for %.0f s", STALLED_SECONDS)
                return

    async def _tick(self, running: asyncio.Task[None]) -> None:
        totals = self.pipeline.processor.totals
        self.output.progress(totals.items, self.script.lines + len(POISON), totals.duplicates, totals.rejected)
        if running.done():
            await running  # raises the error that ended it
            raise SquallError("the demo was stopped before its end")
        await asyncio.sleep(0.2)

    def _place(self) -> tuple[int, datetime | None]:
        """Return how far the worker and the detector have come."""
        position = self.pipeline.store.detector.position(DETECTOR)
        return self.pipeline.processor.totals.items, position.evaluated_until if position else None

    def _finished(self, alerts: AlertService) -> bool:
        assert self.ingest is not None
        totals = self.pipeline.processor.totals
        if totals.items < self.ingest.summary["sent"] + self.poisoned:
            return False
        last = self.pipeline.store.documents.last_published_at()
        position = self.pipeline.store.detector.position(DETECTOR)
        unsettled = timedelta(seconds=self.settings.detector.settle_seconds, minutes=self.settings.detector.step_minutes)
        evaluated = last is not None and position is not None and position.evaluated_until >= last - unsettled
        return evaluated and alerts.delivered

    def _start_ingest(self) -> Ingest:
        kafka = self.settings.kafka
        environment = {
            "SQUALL_KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "SQUALL_KAFKA__DOCUMENTS_TOPIC": kafka.documents_topic,
            "SQUALL_KAFKA__DEAD_LETTER_TOPIC": kafka.dead_letter_topic,
        }
        command = [sys.executable, "-m", "squall", *self.replay]
        path = self.folder / "ingest.log"
        with path.open("wb") as output:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, env=os.environ | environment, start_new_session=True)
        return Ingest(process, path)

    def _end_ingest(self) -> None:
        if self.ingest is not None and self.ingest.process.poll() is None:
            self.ingest.process.terminate()
            self.ingest.process.wait()

    def _publish_poison(self) -> None:
        """Publish what a faulty foreign producer would."""
        try:
            arguments = client_arguments(self.settings.kafka, allow_plaintext=self.settings.allow_plaintext)
            with closing(open_client(KafkaProducer, **arguments)) as producer:
                for value in POISON:
                    producer.send(self.settings.kafka.documents_topic, value=value).get(timeout=self.settings.kafka.request_timeout_seconds)
                    self.poisoned += 1
        except KafkaError as error:
            raise unavailable(self.settings.kafka, error) from error
