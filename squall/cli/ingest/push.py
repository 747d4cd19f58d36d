"""`squall ingest push`."""

from __future__ import annotations

from typing import Annotated

import typer

from squall.cli.ingest.publishing import print_summary, publish_to_kafka, wait_for_topics
from squall.cli.options import AsJson, given, global_options, settings_of
from squall.cli.output import print_note
from squall.core.clock import SystemClock


def from_push(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: SQUALL_PUSH__HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0: any free one; default: SQUALL_PUSH__PORT.")] = None,
    as_json: AsJson = False,
) -> None:
    """Accept documents over HTTP until stopped.

    A request is answered when Kafka has acknowledged its documents. POST /documents takes one JSON object, an array of objects, or one
    object a line (application/x-ndjson). Required fields: source, published_at with a time zone, and title or text. Responses: 202
    accepted, with a result for each document (published, or duplicate if this process has published it before); 400 nothing accepted,
    with index and field of each error; 401 wrong token; 403 the token may not name a source, or the request comes from another site;
    413 body too large; 421 Host not allowed; 429 too many documents pending; 503 not accepted, send again (ids prevent duplicates).
    SQUALL_PUSH__TOKENS lists the bearer tokens and the sources that each may name; it is required unless the address is a loopback
    address. Without a terminal, SIGHUP reads them again.

    \b
    Examples:
      squall ingest push --port 8088
      curl -H 'Content-Type: application/json' http://127.0.0.1:8088/documents \\
           -d '{"source": "desk", "title": "Bank fails", "published_at": "2026-03-02T14:05:00Z"}'
    """
    from squall.app.metrics_and_probes import serving
    from squall.app.signals import reload_on_hangup, stop_on_signals
    from squall.app.sources import token_rotation
    from squall.ingest.push.source import PushSource

    settings, clock = settings_of(context, broker=True), SystemClock()
    with stop_on_signals() as stop, serving(settings, clock, "broker") as health:
        source = PushSource(settings.push.model_copy(update=given(host=host, port=port)), clock, health)
        source.start()
        print_note(f"listening on {source.url}")
        with reload_on_hangup(global_options(context).load, *token_rotation([source])):
            if wait_for_topics(settings, stop, health, source.report_outage):
                report = publish_to_kafka(settings, source, stop, on_outage=source.report_outage, health=health)
                print_summary([report], as_json)
        source.close()
