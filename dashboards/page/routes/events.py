"""The stream of events."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, HTTPException, Query

from squall.dashboards.page.events import EventFeed, EventStream, TooManyListenersError

_DESCRIPTION: Final = """
Server-sent events; the data of each is JSON.

- `hello` {cursor, interval}: first of all. `cursor` resumes here, `interval` is how often the store is asked, in seconds.
- `documents` {documents, skipped}: stored since the event before, newest publication first, at most 100; `skipped` were stored as well.
  Documents as in `/api/documents`. The event's id is a cursor.
- `health`: as `/api/health`, about every two seconds.
- `alerts` {}: alerts, acknowledgements or silences changed; ask for them again.
- `mood` {}: counts changed; at most every five seconds.
- `trouble` {detail}: the store does not answer; said again until it does.

A comment is sent where there was nothing for 15 s. A browser that reconnects sends the last id as `Last-Event-ID` and gets what it missed,
at most five minutes of it; `cursor` does the same for a new EventSource. A client that does not read is dropped.
"""
Cursor = Annotated[str, Query(max_length=100, description="of a `hello` or the id of an event: resume there")]
LastId = Annotated[
    str, Header(alias="Last-Event-ID", max_length=100, description="the same, as browsers send it; it counts before `cursor`")
]


def _error(description: str) -> dict[str, Any]:
    """Describe an `ErrorView`, which is JSON where the stream itself is not."""
    return {"description": description, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorView"}}}}


def event_routes(feed: EventFeed) -> APIRouter:
    """Return the route."""
    routes = APIRouter()

    @routes.get(
        "/api/events",
        response_class=EventStream,
        status_code=200,
        description=_DESCRIPTION,
        responses={
            200: {"description": "a stream that does not end", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
            422: _error("the cursor is too long"),
            503: _error("too many pages listen"),
        },
    )
    async def events(cursor: Cursor = "", last_event_id: LastId = "") -> EventStream:
        try:
            listener = feed.join(last_event_id or cursor)
        except TooManyListenersError as error:
            raise HTTPException(503, str(error)) from None
        return EventStream(feed, listener)

    return routes
