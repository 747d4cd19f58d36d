"""The HTTP door: checks a request wholly before anything of it is accepted."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from fastapi import FastAPI, HTTPException, Request, Response
from starlette.requests import ClientDisconnect

from squall.core.clock import Clock
from squall.core.config.settings import PushSettings
from squall.core.delivery import Rejection
from squall.core.errors import InvalidRecordError
from squall.core.observability.metric_spec import PushOutcome
from squall.core.observability.metrics import Metrics
from squall.core.records import Document
from squall.ingest.documents import Defaults, InvalidFieldError, build_document
from squall.ingest.push.queue import PushQueue, Submission

MAX_ERRORS = 100
"""A refused batch lists this many of its errors."""
BODY_SECONDS = 30.0
"""A body must have arrived in this time."""
_RETRY_AFTER = {"Retry-After": "1"}
_JSON = "application/json"
_OUTCOMES: dict[int, PushOutcome] = {401: "unauthorised", 429: "busy", 503: "unavailable"}
_LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")


@dataclass(slots=True)
class Door:
    """What the app and the source share."""

    settings: PushSettings
    clock: Clock
    queue: PushQueue
    outage: str = ""
    """Why nothing can be acknowledged now; empty: all is well."""
    accepted: int = 0
    refused: int = 0
    last_rejection: Rejection | None = field(default=None)
    metrics: Metrics = field(default_factory=Metrics)


def create_app(door: Door) -> FastAPI:
    """Return the app: `POST /documents` and `GET /healthz`."""
    app = FastAPI(title="Squall push", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        return {"status": "ok", "accepting": not door.outage, "outage": door.outage, "pending": door.queue.pending}

    @app.post("/documents", status_code=202)
    async def documents(request: Request) -> Response:
        try:
            answer = await _take(door, request)
        except HTTPException as refusal:
            door.metrics.pushed(_OUTCOMES.get(refusal.status_code, "refused"))
            raise
        door.metrics.pushed("accepted")
        return answer

    return app


async def _take(door: Door, request: Request) -> Response:
    _authorise(request, door.settings.token.get_secret_value())
    kind = _content_type(request)
    body = await _body(request, door.settings.max_body_bytes)
    items = _items(body, kind)
    built = _build(door, items, door.clock.now())
    if built:
        await _acknowledged(door, built)
    door.accepted += len(built)
    answer = {"accepted": len(built), "ids": [document.id for document in built]}
    return Response(orjson.dumps(answer), status_code=202, media_type=_JSON)


def _authorise(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode()):
        raise HTTPException(401, "a valid bearer token is needed", {"WWW-Authenticate": "Bearer"})


def _content_type(request: Request) -> str:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in (_JSON, *_LINES):  # also keeps a web page from posting here without a preflight
        raise HTTPException(415, f"send {_JSON} or {_LINES[0]}, not {kind or 'a body without content type'}")
    return kind


async def _body(request: Request, limit: int) -> bytes:
    too_large = HTTPException(413, f"the body is longer than {limit} bytes; send smaller batches", {"Connection": "close"})
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise too_large
    except TimeoutError:
        raise HTTPException(408, f"the body did not arrive in {BODY_SECONDS:g} s", {"Connection": "close"}) from None
    except ClientDisconnect:
        raise HTTPException(400, "the body broke off") from None
    return bytes(body)


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


def _build(door: Door, items: list[Any], now: datetime) -> list[Document]:
    """Build every document, or refuse all with the index and field of each error."""
    # strict where files are lenient: a sender that is told of a time without a zone can mend it
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
        door.refused += len(items)
        raise _refusal(len(errors), errors[:MAX_ERRORS])
    return built


def _refusal(count: int, errors: list[dict[str, Any]]) -> HTTPException:
    return HTTPException(400, {"message": f"nothing was accepted: {count} bad", "errors": errors})


async def _acknowledged(door: Door, documents: list[Document]) -> None:
    """Queue `documents` and return when a driver has made them safe."""
    if door.outage:
        raise HTTPException(503, f"can't keep documents now: {door.outage}", _RETRY_AFTER)
    if len(documents) > door.queue.max_pending:
        raise HTTPException(413, f"{len(documents)} documents at once; at most {door.queue.max_pending}")
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bool] = loop.create_future()
    submission = Submission(documents, _answering(loop, answer))
    if not door.queue.offer(submission):
        raise HTTPException(429, "too many documents are waiting; send again later", _RETRY_AFTER)
    try:
        safe = await asyncio.wait_for(answer, door.settings.ack_timeout_seconds)
    except TimeoutError:
        door.queue.abandon(submission)
        raise HTTPException(
            503,
            f"not acknowledged within {door.settings.ack_timeout_seconds:g} s; send again, ids keep it from counting twice",
            _RETRY_AFTER,
        ) from None
    if not safe:
        raise HTTPException(503, "stopping; send again later", _RETRY_AFTER)


def _answering(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[bool]) -> Callable[[bool], None]:
    def settle(safe: bool) -> None:
        if not answer.done():
            answer.set_result(safe)

    def call(safe: bool) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, safe)

    return call
