"""The services that Squall sends alerts to, on loopback: real HTTP, with the answers and the memory of the real ones.

Requests are judged by the JSON Schemas in tests/data/channels.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from jsonschema import Draft202012Validator, FormatChecker

SECRET = "0123456789abcdef0123456789abcdef"
"""The key, token or secret path of every service here."""
SLACK_PATH = f"/services/T0000/B0000/{SECRET}"
TEAMS_PATH = f"/workflows/00aa/triggers/manual/paths/invoke?api-version=2016-06-01&sig={SECRET}"
DISCORD_PATH = f"/api/webhooks/1234/{SECRET}"
CHAT = "-1001234"
_SCHEMAS = Path(__file__).parents[1] / "data" / "channels"
_MOST_TEAMS_BYTES = 28 * 1024
_MOST_TELEGRAM = 4_096
_MOST_EMBED = 6_000
_TELEGRAM_TAGS = {"b", "strong", "i", "em", "u", "s", "code", "pre", "a", "blockquote"}


_FORMATS = FormatChecker(())


@_FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or (
        urlsplit(value).scheme in {"http", "https"} and bool(urlsplit(value).hostname) and " " not in value
    )


@_FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def problems(service: str, body: Any, part: str = "") -> list[str]:
    """What the schema of a service finds wrong with the body of a request."""
    schema = json.loads((_SCHEMAS / f"{service}.json").read_text())
    chosen = schema["$defs"][part] if part else schema
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(chosen, format_checker=_FORMATS).iter_errors(body)]


@dataclass
class Answer:
    status: int
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Taken:
    """A request that a service took."""

    path: str
    body: Any
    headers: dict[str, str]
    method: str


class _Entities(HTMLParser):
    """Parses Telegram's HTML; `broken` says why Telegram would refuse it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.broken, self.open, self.seen = "", list[str](), ""
        self.feed(text)
        self.close()
        if self.open:
            self.broken = f"unclosed tag {self.open[-1]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TELEGRAM_TAGS:
            self.broken = f"unsupported start tag {tag}"
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.broken = f"unexpected end tag {tag}"

    def handle_data(self, data: str) -> None:
        self.seen += data


class Services:
    """All of them on one port; use it in a `with` statement.

    `throttled`: how many of the next requests are answered with 429, with `throttle_headers`. `down`: every request gets 503.
    """

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.refused: list[Answer] = []
        self.incidents: dict[str, dict[str, Any]] = {}
        """Of PagerDuty, by dedup_key: whether open, and the summaries of their triggers."""
        self.alerts: dict[str, dict[str, Any]] = {}
        """Of Opsgenie, by alias."""
        self.throttled = 0
        self.throttle_headers: dict[str, str] = {"Retry-After": "7"}
        self.down = False
        services = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = services._answer(Taken(self.path, raw, dict(self.headers), self.command))
                content = answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def receivers(self, secret: str = SECRET) -> list[dict[str, Any]]:
        """The settings of a receiver of each service."""
        paths = {"slack": SLACK_PATH, "teams": TEAMS_PATH, "discord": DISCORD_PATH}
        by_url = [{"name": name, "channel": name, "url": self.base + path.replace(SECRET, secret)} for name, path in paths.items()]
        by_key = [{"name": name, "channel": name, "url": self.base, "secret": secret} for name in ("pagerduty", "opsgenie", "telegram")]
        return [*by_url, *(row | ({"chat": CHAT} if row["name"] == "telegram" else {}) for row in by_key)]

    def _answer(self, request: Taken) -> Answer:
        answer = self._judge(request)
        if answer.status >= 300:
            self.refused.append(answer)
        return answer

    def _judge(self, request: Taken) -> Answer:
        if self.down:
            return Answer(503, "upstream connect error")
        if self.throttled:
            self.throttled -= 1
            return Answer(429, {"ok": False, "error": "ratelimited"}, self.throttle_headers)
        raw, path = request.body, urlsplit(request.path).path
        try:
            request.body = json.loads(raw) if raw else None
        except ValueError:
            return Answer(400, "invalid_payload")
        if request.headers.get("Content-Type") != "application/json":
            return Answer(415)
        for pattern, serve in (
            (r"/services/.*", self._slack),
            (r"/workflows/.*", self._teams),
            (r"/api/webhooks/.*", self._discord),
            (r"/v2/enqueue", self._pagerduty),
            (r"/v2/alerts.*", self._opsgenie),
            (r"/bot.*", self._telegram),
        ):
            if re.fullmatch(pattern, path):
                answer = serve(request)
                if answer.status < 300:
                    self.taken.append(request)
                return answer
        return Answer(404)

    def _slack(self, request: Taken) -> Answer:
        if request.path != SLACK_PATH:
            return Answer(403, "invalid_token")
        wrong = problems("slack", request.body)
        return Answer(400, f"invalid_blocks {wrong}") if wrong else Answer(200, "ok")

    def _teams(self, request: Taken) -> Answer:
        if request.path != TEAMS_PATH:
            return Answer(401, {"error": {"code": "DirectApiAuthorizationRequired"}})
        if len(json.dumps(request.body, ensure_ascii=False).encode()) > _MOST_TEAMS_BYTES:
            return Answer(413, {"error": {"code": "RequestEntityTooLarge"}})
        wrong = problems("teams", request.body)
        return Answer(400, {"error": {"code": "TriggerInputSchemaMismatch", "message": wrong}}) if wrong else Answer(202)

    def _discord(self, request: Taken) -> Answer:
        if urlsplit(request.path).path != DISCORD_PATH:
            return Answer(401, {"message": "Invalid Webhook Token", "code": 50027})
        wrong = problems("discord", request.body)
        total = sum(len(embed.get("title", "")) + len(embed.get("description", "")) for embed in request.body.get("embeds", []))
        if wrong or total > _MOST_EMBED:
            return Answer(400, {"message": "Invalid Form Body", "code": 50035, "errors": wrong})
        waits = parse_qs(urlsplit(request.path).query).get("wait") == ["true"]
        return Answer(200, {"id": "1", "type": 0}) if waits else Answer(204)

    def _pagerduty(self, request: Taken) -> Answer:
        wrong = problems("pagerduty", request.body)
        if wrong or request.body["routing_key"] != SECRET:
            return Answer(400, {"status": "invalid event", "message": "Event object is invalid", "errors": wrong or ["routing_key"]})
        key, action = request.body["dedup_key"], request.body["event_action"]
        if action == "trigger":
            known = self.incidents.get(key)
            known = known if known and known["open"] else {"open": True, "summaries": [], "opened": (known or {}).get("opened", 0) + 1}
            known["summaries"].append(request.body["payload"]["summary"])
            known["severity"] = request.body["payload"]["severity"]
            self.incidents[key] = known
        elif action == "acknowledge" and key in self.incidents:
            self.incidents[key]["acknowledged"] = True
        elif key in self.incidents:
            self.incidents[key]["open"] = False
        return Answer(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _opsgenie(self, request: Taken) -> Answer:
        if request.headers.get("Authorization") != f"GenieKey {SECRET}":
            return Answer(401, {"message": "Could not authenticate", "took": 0.1, "requestId": "r"})
        parts = urlsplit(request.path)
        steps = [unquote(step) for step in parts.path.split("/")[3:]]
        known = {(): "create", **{(action,): action for action in ("close", "acknowledge", "priority")}}
        part = known.get(tuple(steps[1:]) if steps else ())
        method = "PUT" if part == "priority" else "POST"
        if part is None or request.method != method or (steps and parse_qs(parts.query).get("identifierType") != ["alias"]):
            return Answer(404, {"message": "No such resource"})
        if wrong := problems("opsgenie", request.body, part):
            return Answer(422, {"message": "Request body is not processable", "errors": wrong})
        self._change(part, steps[0] if steps else request.body["alias"], request.body)
        return Answer(202, {"result": "Request will be processed", "took": 0.1, "requestId": "r"})

    def _change(self, part: str, alias: str, body: dict[str, Any]) -> None:
        known = self.alerts.get(alias)
        if part == "create" and (known is None or not known["open"]):
            self.alerts[alias] = {**body, "open": True, "count": 1}
        elif known is not None and part == "create":
            known["count"] += 1
        elif known is not None and part == "close":
            known["open"] = False
        elif known is not None and part == "acknowledge":
            known["acknowledged"] = True
        elif known is not None:
            known["priority"] = body["priority"]

    def _telegram(self, request: Taken) -> Answer:
        if request.path != f"/bot{SECRET}/sendMessage":
            return Answer(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        wrong = problems("telegram", request.body)
        text = _Entities(request.body.get("text", ""))
        if text.broken:
            wrong = [f"can't parse entities: {text.broken}"]
        elif len(text.seen.encode("utf-16-le")) // 2 > _MOST_TELEGRAM:
            wrong = ["message is too long"]
        elif request.body.get("chat_id") != int(CHAT):
            wrong = ["chat not found"]
        if wrong:
            return Answer(400, {"ok": False, "error_code": 400, "description": f"Bad Request: {wrong[0]}"})
        return Answer(200, {"ok": True, "result": {"message_id": 1, "date": 0, "chat": {"id": int(CHAT), "type": "supergroup"}}})
