"""No secret of a URL or a header survives in anything a process logs."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.config.settings import LogSettings
from squall.core.net.redaction import redact_secrets_in, redacted
from squall.core.observability.logging import configure_logging, log_unforeseen_errors

SECRETS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=10, max_size=24).map(
    lambda text: f"Q7{text}z9"
)
ODD = st.text("!$*+,-.:_~%|^", max_size=3)


@pytest.fixture(autouse=True)
def _logging_as_it_was(restored_logging: None) -> None:
    """Undo what each test configures."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET https://me:pw@x.org/f?apikey=K1&page=2 failed", "GET https://***@x.org/f?apikey=***&page=*** failed"),
        ("GET /feed.xml?apikey=K1&x=2 HTTP/1.1", "GET /feed.xml?apikey=***&x=2 HTTP/1.1"),
        ("login of me:pw1@x.org failed", "login of ***@x.org failed"),
        ("Authorization: Bearer abc123def456", "Authorization: Bearer ***"),
        ("{'Authorization': 'Basic bWU6cHc='}", "{'Authorization': ***}"),
        ("sent Bearer abc123def456 twice", "sent Bearer *** twice"),
        ('{"password": "pw", "page": 2}', '{"password": ***, "page": 2}'),
        ("SQUALL_STORE__PASSWORD=pw squall web", "SQUALL_STORE__PASSWORD=*** squall web"),
        ("token=abc; next", "token=***; next"),
        ("X-Api-Key: abc", "X-Api-Key: ***"),
        ("POST /bot123456:AAbbCCddEEffGG/sendMessage", "POST /bot***/sendMessage"),
        ("hooks.slack.com/services/T0/B0/xyz refused", "hooks.slack.com/services/*** refused"),
        ("?key=K1&user=me", "?key=***&user=***"),
        ("https://x.org/rss/9f86d081884c7d659a2feaa0/news.xml is gone", "https://x.org/rss/***/news.xml is gone"),
        ("https://x.org/rss/550e8400-e29b-41d4-a716-446655440000", "https://x.org/rss/***"),
        ("https://hooks.zapier.com/hooks/catch/123/abcDEF123ghiJKL4/", "https://hooks.zapier.com/hooks/catch/123/***/"),
        ("https://x.org/rss/token/abc/feed.xml", "https://x.org/rss/token/***/feed.xml"),
        ("GET /f?%61pikey=K1&x=2", "GET /f?apikey=***&x=2"),
        ("GET /f?%2561pikey=K1 HTTP/1.1", "GET /f?apikey=*** HTTP/1.1"),
        ("login of user%3Apass@x.org failed", "login of ***@x.org failed"),
        ("user%3Apass%40host refused", "***@host refused"),
        ("at https%3A%2F%2Fme%3Apw%40x.org%2Ff%3Fapikey%3DK1", "at https://***@x.org/f?apikey=***"),
    ],
)
def test_values_are_hidden_and_names_stay(text: str, shown: str) -> None:
    assert redact_secrets_in(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "stored 500 documents, 3 duplicates: published 12:05:07",
        "the token may not name the source 'desk'",
        "mail to risk@example.org, mailto:risk@example.org waits",
        "push.tokens.0.token (SQUALL_PUSH__TOKENS): must have at least 16 characters",
        "the server wants Bearer authentication",
        "key=document id, acks=all, topic=squall.documents",
        "clickhouse 26.9 at 127.0.0.1:9000, [::1]:8080",
        "100% of documents, 50%25 of https://x.org/a%20b",
        "https://x.org/2026/03/02/q3-2026-results-eu27-co2-g20-summit",
        "https://www.sec.gov/Archives/edgar/data/320193/000032019326000006/0000320193-26-000006-index.htm",
        "http://data.gdeltproject.org/gdeltv2/20260302150000.gkg.csv.zip",
        "https://x.org/TheQuickBrownFoxJumpsOver/feed.xml",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_secrets_in(text) == text


def _raised(text: str) -> BaseException:
    try:
        try:
            raise ValueError(text)
        except ValueError as error:
            raise RuntimeError(f"request failed: {text!r}") from error
    except RuntimeError as error:
        return error


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["json", "text"]), SECRETS, SECRETS, SECRETS, ODD, ODD, st.sampled_from(["apikey", "token", "key", "access_token", "q"])
)
def test_no_secret_of_a_url_survives_in_any_record(
    form: str, user: str, password: str, value: str, before: str, after: str, name: str
) -> None:
    url = f"https://{user}:{password}{before}@feeds.example.org:8443/markets.xml?{name}={value}&page=1"
    header = {
        "Authorization": f"Bearer {value}",
        "nested": [url, {"deep": (url, password)}],
        name: value if name not in {"q", "key"} else "x",
    }
    del header["nested"][1]["deep"]  # type: ignore[attr-defined,index]
    stream = io.StringIO()
    configure_logging(LogSettings.model_validate({"format": form}), stream)
    log = logging.getLogger("squall.test")
    log.warning("polling %s failed%s", url, after, extra={"feed": url, "headers": header, "error": _raised(url), "path": Path(url)})
    log.error(f"{before}({url}){after}")
    log.error("GET /markets.xml?%s=%s", "token" if name == "q" else name, value)
    log.error("proxy %s:%s@proxy.example.org refused", user, password)
    log.error("failed", exc_info=_raised(f"<{url}>"))
    logging.getLogger("httpx").error('HTTP Request: GET %s "HTTP/1.1 403"', url)
    shown = stream.getvalue()
    for secret in (user, password, value):
        assert secret not in shown
    assert "feeds.example.org" in shown
    if form == "json":
        assert all(json.loads(line) for line in shown.splitlines())


@given(st.recursive(st.text() | st.integers() | st.none() | st.binary(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_no_value_breaks_the_redactor(value: Any) -> None:
    redacted(value)


def test_what_ends_a_thread_is_logged_without_its_secret() -> None:
    stream = io.StringIO()
    configure_logging(LogSettings(), stream)
    before = sys.excepthook, threading.excepthook
    try:
        log_unforeseen_errors()
        thread = threading.Thread(target=lambda: _fail("https://me:geheim@x.org/?token=geheim"))
        thread.start()
        thread.join()
    finally:
        sys.excepthook, threading.excepthook = before
    assert "ValueError" in stream.getvalue()
    assert "geheim" not in stream.getvalue()


def _fail(text: str) -> None:
    raise ValueError("".join(text))


def test_an_error_that_ends_the_process_shows_no_secret() -> None:
    program = (
        "from squall.core.config.settings import LogSettings\n"
        "from squall.core.observability.logging import configure_logging, log_unforeseen_errors\n"
        "configure_logging(LogSettings()); log_unforeseen_errors()\n"
        "raise ValueError('https://me:' + 'geh' + 'eim@x.org')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "ValueError" in ended.stderr
    assert "me:geheim" not in ended.stderr
