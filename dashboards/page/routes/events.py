"""The event stream."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, HTTPException, Query

from squall.dashboards.page.event_stream import EventBroadcaster, EventStreamResponse, TooManySubscribersError

_DESCRIPTION: Final = """
Server-sent events; the data of each event is JSON.

- `hello` {cursor, interval}: the first event. Pass `cursor` to resume here; `interval` is the number of seconds between polls of the store.
- `documents` {documents, skipped}: documents stored since the previous event, newest publication first, at most 100; `skipped` more were
  stored and omitted. The documents are as in `/api/documents`. The event's id is a cursor.
- `health`: as `/api/health`, about every two seconds.
- `alerts` {}: alerts, acknowledgements or silences have changed; request them again.
- `mood` {}: counts have changed; at most every five seconds.
- `expired` {}: what the server had cached before a change, or before the `hello`, has expired: request again all that you show. Responses
  are cached for a second, those of slow queries ten times as long as the query took.
- `store_unavailable` {detail}: the store does not answer; repeated until it does.

After 15 s without an event a comment is sent. A browser that reconnects sends the last id as `Last-Event-ID` and receives what it missed,
up to five minutes; `cursor` does the same for a new EventSource. A client that does not read is dropped.
"""
Cursor = Annotated[str, Query(max_length=100, description="the cursor of a `hello`, or the id of an event, to resume from")]
LastId = Annotated[
    str, Header(alias="Last-Event-ID", max_length=100, description="the same, as browsers send it; takes precedence over `cursor`")
]


def _error(description: str) -> dict[str, Any]:
    """Describe an `ErrorView`, which is JSON although the stream itself is not."""
    return {"description": description, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorView"}}}}


def event_routes(broadcaster: EventBroadcaster) -> APIRouter:
    """Return the route."""
    routes = APIRouter()

    @routes.get(
        "/api/events",
        response_class=EventStreamResponse,
        status_code=200,
        description=_DESCRIPTION,
        responses={
            200: {"description": "an endless stream", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
            422: _error("the cursor is too long"),
            503: _error("too many pages are open"),
        },
    )
    async def events(cursor: Cursor = "", last_event_id: LastId = "") -> EventStreamResponse:
        try:
            subscriber = broadcaster.subscribe(last_event_id or cursor)
        except TooManySubscribersError as error:
            raise HTTPException(503, str(error)) from None
        return EventStreamResponse(broadcaster, subscriber)

    return routes
