"""The HTTP API of the push endpoint: a request is accepted or refused as a whole."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from fastapi import FastAPI, HTTPException, Request, Response

from squall.core.clock import Clock
from squall.core.config.settings import PushSettings
from squall.core.errors import InvalidRecordError
from squall.core.observability.metric_spec import PushOutcome
from squall.core.observability.metrics import Metrics
from squall.core.records import Document
from squall.ingest.documents import Defaults, build_document
from squall.ingest.fields import InvalidFieldError
from squall.ingest.push.limits import MAX_ERRORS, RETRY_AFTER, check_batch_size, read_body
from squall.ingest.push.queue import PushQueue, Submission

_JSON = "application/json"
_OUTCOMES: dict[int, PushOutcome] = {401: "unauthorised", 429: "busy", 503: "unavailable"}
_LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")


@dataclass(slots=True)
class PushEndpoint:
    """The state that the app and the source share."""

    settings: PushSettings
    clock: Clock
    queue: PushQueue
    outage: str = ""
    """Why no document can be acknowledged now; empty if documents can."""
    refused: int = 0
    """Documents of refused requests."""
    metrics: Metrics = field(default_factory=Metrics)


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
    _authorise(request, endpoint.settings.token.get_secret_value())
    kind = _content_type(request)
    body = await read_body(request, endpoint.settings.max_body_bytes)
    items = _items(body, kind)
    built = _build(endpoint, items, endpoint.clock.now())
    if built:
        await _acknowledged(endpoint, built)
    answer = {"accepted": len(built), "ids": [document.id for document in built]}
    return Response(orjson.dumps(answer), status_code=202, media_type=_JSON)


def _authorise(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode()):
        raise HTTPException(401, "a valid bearer token is required", {"WWW-Authenticate": "Bearer"})


def _content_type(request: Request) -> str:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in (_JSON, *_LINES):  # also prevents a web page from posting here without a CORS preflight
        raise HTTPException(415, f"the content type must be {_JSON} or {_LINES[0]}, not {kind or 'empty'}")
    return kind


def _items(body: bytes, kind: str) -> list[Any]:
    if kind in _LINES:
        return [_parse(line, f"line {number}: ") for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    data = _parse(body, "")
    return data if isinstance(data, list) else [data]


def _parse(body: bytes, where: str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _refusal(1, [{"index": None, "field": None, "reason": "broken_json", "message": f"{where}{error}"}]) from None


def _build(endpoint: PushEndpoint, items: list[Any], now: datetime) -> list[Document]:
    """Build every document, or refuse all with the index and field of each error."""
    # stricter than for files: a sender that gets an error for a time without a zone can correct it
    defaults = Defaults(naive=None)
    built: list[Document] = []
    errors: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        try:
            if not isinstance(item, dict):
                raise InvalidFieldError("not_an_object", "document", f"expected an object, got {type(item).__name__}")
            built.append(build_document(item, defaults, now))
        except InvalidFieldError as error:
            errors.append({"index": index, "field": error.field, "reason": error.reason, "message": error.message})
        except InvalidRecordError as error:
            errors.append({"index": index, "field": None, "reason": error.reason, "message": error.detail})
    if errors:
        endpoint.refused += len(items)
        raise _refusal(len(errors), errors[:MAX_ERRORS])
    return built


def _refusal(count: int, errors: list[dict[str, Any]]) -> HTTPException:
    return HTTPException(400, {"message": f"no document was accepted; number of invalid documents: {count}", "errors": errors})


async def _acknowledged(endpoint: PushEndpoint, documents: list[Document]) -> None:
    """Queue `documents` and return when a driver has committed them."""
    if endpoint.outage:
        raise HTTPException(503, f"documents can't be stored now: {endpoint.outage}", RETRY_AFTER)
    check_batch_size(len(documents), endpoint.queue.max_pending)
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bool] = loop.create_future()
    submission = Submission(documents, _answering(loop, answer))
    if not endpoint.queue.offer(submission):
        raise HTTPException(429, "too many documents are waiting; try again later", RETRY_AFTER)
    try:
        committed = await asyncio.wait_for(answer, endpoint.settings.ack_timeout_seconds)
    except TimeoutError:
        endpoint.queue.abandon(submission)
        raise HTTPException(
            503,
            f"not acknowledged within {endpoint.settings.ack_timeout_seconds:g} s; send the request again, no document is counted twice",
            RETRY_AFTER,
        ) from None
    if not committed:
        raise HTTPException(503, "the endpoint is stopping; try again later", RETRY_AFTER)


def _answering(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[bool]) -> Callable[[bool], None]:
    def settle(committed: bool) -> None:
        if not answer.done():
            answer.set_result(committed)

    def call(committed: bool) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, committed)

    return call
