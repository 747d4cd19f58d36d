"""What the pipeline is compared with: its parts alone, without anything around them."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition

from squall.app.bench.publishing import publish_all
from squall.app.bench.ways import Bench, Scoring
from squall.core.codec import decode_document
from squall.core.errors import SquallError
from squall.core.kafka.client import admin_client
from squall.core.kafka.security import security_arguments
from squall.core.kafka.topics import ensure_topics
from squall.stream.document_scoring import DocumentScorer

_BLOCK = 2048
"""Rows of an insert, and texts of a call."""
_FETCH_SECONDS = 30.0


def engine_alone(bench: Bench, scoring: Scoring, documents: int) -> float:
    """Return texts a second of the engine, which is asked for all of them and nothing else."""
    texts = [document.content for document in bench.documents().many(documents, bench.clock.now())]
    began = bench.clock.monotonic()
    for start in range(0, documents, _BLOCK):
        scoring.engine.read(texts[start : start + _BLOCK])
    return documents / (bench.clock.monotonic() - began)


def bare_insert(bench: Bench, scoring: Scoring, documents: int) -> float:
    """Return rows a second that the store takes, in blocks of 2,048, when they are ready."""
    rows = DocumentScorer(scoring.engine, bench.clock).score(bench.documents().many(documents, bench.clock.now())).rows
    began = bench.clock.monotonic()
    for start in range(0, documents, _BLOCK):
        bench.store.documents.insert(rows[start : start + _BLOCK], token=f"{bench.run}.{bench.turns}.{start}")
    return documents / (bench.clock.monotonic() - began)


def bare_consumer(bench: Bench, documents: int) -> float:
    """Return messages a second that an aiokafka consumer fetches and parses, from its first answer on."""
    made, kafka, plain = bench.documents(), bench.kafka(), bench.settings.allow_plaintext
    ensure_topics(kafka, allow_plaintext=plain)
    try:
        publish_all(kafka, made.many(documents, bench.clock.now()), bench.stop, allow_plaintext=plain)
        return asyncio.run(_consume(bench, kafka.documents_topic, kafka.partitions, documents))
    finally:
        with admin_client(kafka, allow_plaintext=plain) as admin:
            admin.delete_topics([kafka.documents_topic, kafka.dead_letter_topic])


async def _consume(bench: Bench, topic: str, partitions: int, documents: int) -> float:
    kafka = bench.settings.kafka
    arguments = security_arguments(kafka, allow_plaintext=bench.settings.allow_plaintext)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers, **arguments, auto_offset_reset="earliest", enable_auto_commit=False
    )
    consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
    await consumer.start()
    try:
        seen, began, asked = 0, 0.0, bench.clock.monotonic()
        while seen < documents and not bench.stop.is_set():
            answers = await consumer.getmany(timeout_ms=200)
            if bench.clock.monotonic() - asked > _FETCH_SECONDS:
                raise SquallError(f"Kafka delivered {seen:,} of {documents:,} messages", "look at the broker")
            for messages in answers.values():
                asked = bench.clock.monotonic()
                began = began or asked
                for message in messages:
                    decode_document(message.value, message.headers)
                seen += len(messages)
        return seen / max(1e-9, bench.clock.monotonic() - began)
    finally:
        await consumer.stop()
