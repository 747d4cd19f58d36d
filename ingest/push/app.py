"""The HTTP API of the push endpoint: each document of a request is accepted or rejected by itself, and what is no JSON refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from fastapi import FastAPI, HTTPException, Request, Response

from squall.core.cleaning.foreign_json import parse_json
from squall.core.clock import Clock
from squall.core.config.settings import PushSettings, PushTokenSettings
from squall.core.errors import InvalidRecordError
from squall.core.items import RAW_LIMIT, Rejection
from squall.core.observability.metric_spec import PushOutcome
from squall.core.observability.metrics import Metrics
from squall.core.records import Document
from squall.core.records.fields import utc_ms
from squall.ingest.documents import Defaults, build_document
from squall.ingest.fields import InvalidFieldError
from squall.ingest.push.authorisation import authorise
from squall.ingest.push.limits import BODIES, MAX_ERRORS, RETRY_AFTER, BodyBudget, check_batch_size, read_body
from squall.ingest.push.queue import PushQueue, Submission
from squall.ingest.push.results import Entry, Result, answer
from squall.ingest.source import as_bytes

_JSON = "application/json"
_OUTCOMES: dict[int, PushOutcome] = {401: "unauthorised", 403: "forbidden", 429: "busy", 503: "unavailable"}
PROBES = frozenset({"/healthz"})
_LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")


@dataclass(slots=True)
class PushEndpoint:
    """The state that the app and the source share."""

    settings: PushSettings
    clock: Clock
    queue: PushQueue
    outage: str = ""
    """Why no document can be acknowledged now; empty if documents can."""
    metrics: Metrics = field(default_factory=Metrics)
    parsing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """One body is parsed at a time: as objects it takes many times its length."""
    bodies: BodyBudget = field(init=False)

    def __post_init__(self) -> None:
        self.bodies = BodyBudget(BODIES * self.settings.max_body_bytes)


def create_app(endpoint: PushEndpoint) -> FastAPI:
    """Return the app: `POST /documents` and `GET /healthz`."""
    app = FastAPI(title="Squall push", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        return {"status": "ok", "accepting": not endpoint.outage, "outage": endpoint.outage, "pending": endpoint.queue.pending}

    @app.post("/documents", status_code=202)
    async def documents(request: Request) -> Response:
        try:
            answer = await _accept(endpoint, request)
        except HTTPException as refusal:
            endpoint.metrics.pushed(_OUTCOMES.get(refusal.status_code, "refused"))
            raise
        endpoint.metrics.pushed("accepted")
        return answer

    return app


async def _accept(endpoint: PushEndpoint, request: Request) -> Response:
    token = authorise(request.headers, endpoint.settings.tokens)
    kind = _content_type(request)
    _refuse_early(endpoint)
    with endpoint.bodies.body() as take:
        body = await read_body(request, endpoint.settings.max_body_bytes, take)
        async with endpoint.parsing:
            items = await asyncio.to_thread(_items, body, kind, endpoint.queue.max_pending)
            entries, errors = await asyncio.to_thread(_build, items, token, endpoint.clock.now())
            del items
        results = await _acknowledged(endpoint, entries) if entries else []
    if entries and not any(isinstance(entry, Document) for entry in entries):
        raise HTTPException(400, {"message": f"no document was accepted; number of invalid documents: {len(entries)}", "errors": errors})
    return Response(orjson.dumps(answer(entries, results, errors)), status_code=202, media_type=_JSON)


def _refuse_early(endpoint: PushEndpoint) -> None:
    """Refuse what can't be accepted now before its body is read."""
    if endpoint.outage:
        raise HTTPException(503, f"documents can't be stored now: {endpoint.outage}", RETRY_AFTER)
    if endpoint.queue.pending >= endpoint.queue.max_pending:
        raise _full()


def _full() -> HTTPException:
    return HTTPException(429, "too many documents are waiting; try again later", RETRY_AFTER)


def _content_type(request: Request) -> str:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in (_JSON, *_LINES):  # also prevents a web page from posting here without a CORS preflight
        raise HTTPException(415, f"the content type must be {_JSON} or {_LINES[0]}, not {kind or 'empty'}")
    return kind


def _items(body: bytes, kind: str, most: int) -> list[Any]:
    """Parse a body; more than `most` documents are refused before anything is made of them."""
    if kind in _LINES:
        lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
        check_batch_size(len(lines), most)
        return [_parse(line, f"line {number}: ") for number, line in lines]
    data = _parse(body, "")
    items = data if isinstance(data, list) else [data]
    check_batch_size(len(items), most)
    return items


def _parse(body: bytes, where: str) -> Any:
    try:
        return parse_json(body)
    except InvalidRecordError as error:
        why = {"index": None, "field": None, "reason": error.reason, "message": f"{where}{error.detail}"}
        raise HTTPException(400, {"message": "no document was accepted", "errors": [why]}) from None


def _build(items: list[Any], token: PushTokenSettings | None, now: datetime) -> tuple[list[Entry], list[dict[str, Any]]]:
    """Return the document of each item, or why it is none, and a description of the first errors for the sender.

    Raises:
        HTTPException: 403, the token may not name a source.
    """
    # stricter than for files: a sender that gets an error for a time without a zone can correct it
    defaults = Defaults(source=token.only_source if token else "", naive=None)
    built: list[Entry] = []
    errors: list[dict[str, Any]] = []
    now = utc_ms(now)
    for index, item in enumerate(items):
        try:
            if not isinstance(item, dict):
                raise InvalidFieldError("not_an_object", "document", f"expected an object, got {type(item).__name__}")
            built.append(build_document(item, defaults, now))
        except InvalidRecordError as error:
            built.append(Rejection(error.reason, error.detail, as_bytes(item)[:RAW_LIMIT]))
            if len(errors) < MAX_ERRORS:
                errors.append(_described(index, error))
    if token is not None:
        _check_sources(built, token)
    return built, errors


def _described(index: int, error: InvalidRecordError) -> dict[str, Any]:
    if isinstance(error, InvalidFieldError):
        return {"index": index, "field": error.field, "reason": error.reason, "message": error.message}
    return {"index": index, "field": None, "reason": error.reason, "message": error.detail}


def _check_sources(entries: list[Entry], token: PushTokenSettings) -> None:
    """Refuse documents of sources that the token may not name: their ids would make them versions of the source's own documents."""
    documents = [(index, entry) for index, entry in enumerate(entries) if isinstance(entry, Document)]
    forbidden = [(index, document.source) for index, document in documents if not token.may_send(document.source)]
    if forbidden:
        errors = [
            {"index": index, "field": "source", "reason": "forbidden_source", "message": f"the token may not name the source {source!r}"}
            for index, source in forbidden[:MAX_ERRORS]
        ]
        allowed = ", ".join(token.sources)
        message = f"no document was accepted; the token {token.name} may name: {allowed}; documents of other sources: {len(forbidden)}"
        raise HTTPException(403, {"message": message, "errors": errors})


async def _acknowledged(endpoint: PushEndpoint, entries: list[Entry]) -> Sequence[Result]:
    """Queue `entries` and return what became of each when a driver has committed them."""
    loop = asyncio.get_running_loop()
    settled: asyncio.Future[Sequence[Result] | None] = loop.create_future()
    submission = Submission(entries, _settling(loop, settled))
    if not endpoint.queue.offer(submission):
        raise _full()
    try:
        results = await asyncio.wait_for(settled, endpoint.settings.ack_timeout_seconds)
    except TimeoutError:
        endpoint.queue.abandon(submission)
        raise HTTPException(
            503,
            f"not acknowledged within {endpoint.settings.ack_timeout_seconds:g} s; send the request again, no document is counted twice",
            RETRY_AFTER,
        ) from None
    if results is None:
        raise HTTPException(503, "the endpoint is stopping; try again later", RETRY_AFTER)
    return results


def _settling(
    loop: asyncio.AbstractEventLoop, answered: asyncio.Future[Sequence[Result] | None]
) -> Callable[[Sequence[Result] | None], None]:
    def settle(results: Sequence[Result] | None) -> None:
        if not answered.done():
            answered.set_result(results)

    def call(results: Sequence[Result] | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, results)

    return call
