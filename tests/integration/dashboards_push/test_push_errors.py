from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from squall.core.errors import SquallError, UnavailableError
from squall.dashboards.grafana.push import Folder, Target, push
from tests.support.grafana_fake import EDITOR, VIEWER, Answer, Grafana, serving

pytestmark = pytest.mark.slow

Boards = list[dict[str, Any]]
PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head></html>"


def failure(url: str, boards: Boards, token: str = EDITOR, timeout: float = 10.0) -> SquallError:
    with pytest.raises(SquallError) as caught:
        push(Target.parse(url, token, timeout_seconds=timeout), boards, Folder())
    error: BaseException | None = caught.value
    while error is not None:
        assert token not in f"{error!r} {error}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert caught.value.hint
    return caught.value


def test_the_error_for_a_wrong_token_explains_where_to_create_one(grafana: Grafana, boards: Boards) -> None:
    error = failure(grafana.url, boards, token="glsa_wrongwrongwrong_00000000")
    assert "401" in error.what
    assert "SQUALL_GRAFANA_TOKEN" in error.hint
    assert grafana.writes == 0


def test_the_error_for_a_missing_permission_names_it(grafana: Grafana, boards: Boards) -> None:
    error = failure(grafana.url, boards, token=VIEWER)
    assert "create the folder 'Squall' (403" in error.what
    assert "folders:create" in error.hint
    assert "Editor" in error.hint
    assert grafana.writes == 0


def test_a_viewers_token_cannot_save_dashboards(grafana: Grafana, boards: Boards) -> None:
    grafana.folders["squall"] = {"uid": "squall", "title": "Squall"}
    error = failure(grafana.url, boards, token=VIEWER)
    assert "save the dashboard 'Market mood' (403" in error.what
    assert "dashboards:write" in error.hint


def test_a_wrong_sub_path_is_an_error_that_mentions_it(boards: Boards) -> None:
    with serving(Grafana(sub_path="/grafana")) as grafana:
        error = failure(grafana.url.removesuffix("/grafana"), boards)
    assert "did not respond like Grafana" in error.what
    assert "sub-path" in error.hint


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, PAGE, "text/html; charset=utf-8"),
        Answer(200, PAGE, "application/json"),
        Answer(404, PAGE, "text/html"),
        Answer(404, {"detail": "Not Found"}),
        Answer(403, PAGE, "text/html"),
        Answer(200, {"status": "UP"}),
        Answer(200, ["a"]),
        Answer(200, "", "application/json"),
    ],
)
def test_a_server_that_is_not_grafana_is_recognised(grafana: Grafana, boards: Boards, answer: Answer) -> None:
    grafana.intercept = lambda *_: answer
    assert "did not respond like Grafana" in failure(grafana.url, boards).what


def test_a_login_page_in_the_middle_is_no_dashboard(grafana: Grafana, boards: Boards) -> None:
    grafana.intercept = lambda _method, path: Answer(200, PAGE, "text/html") if path.startswith("/api/folders") else None
    assert "did not respond like Grafana" in failure(grafana.url, boards).what


def test_a_redirect_is_not_followed_with_the_token(grafana: Grafana, boards: Boards) -> None:
    with serving(Grafana()) as elsewhere:
        grafana.intercept = lambda *_: Answer(302, "", headers={"Location": elsewhere.url + "/login"})
        error = failure(grafana.url, boards)
        assert elsewhere.requests == []
    assert elsewhere.url in error.what


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_reported_with_its_status(grafana: Grafana, boards: Boards, status: int) -> None:
    grafana.intercept = lambda *_: Answer(status, PAGE, "text/html")
    error = failure(grafana.url, boards)
    assert isinstance(error, UnavailableError)
    assert str(status) in error.what
    assert "<" not in error.what


def test_the_error_for_too_many_requests_says_to_wait(grafana: Grafana, boards: Boards) -> None:
    grafana.intercept = lambda *_: Answer(429, {"message": "rate limited"})
    assert "wait" in failure(grafana.url, boards).hint


@pytest.mark.parametrize("path", ["/api/health", "/api/dashboards/db"])
def test_a_timeout_is_reported_with_its_length(grafana: Grafana, boards: Boards, path: str) -> None:
    grafana.intercept = lambda _method, asked: Answer(0) if asked == path else None
    error = failure(grafana.url, boards, timeout=0.2)
    assert isinstance(error, UnavailableError)
    assert "within 0.2 s" in error.what
    assert "--timeout" in error.hint


def test_a_refused_connection_is_reported(boards: Boards) -> None:
    with serving(Grafana()) as gone:
        url = gone.url
    error = failure(url, boards)
    assert isinstance(error, UnavailableError)
    assert "no connection" in error.what
    assert "Grafana is running" in error.hint


def test_tls_to_a_server_without_tls_is_an_error_that_mentions_it(grafana: Grafana, boards: Boards) -> None:
    assert "TLS" in failure(grafana.url.replace("http:", "https:"), boards).what


def test_an_untrusted_certificate_is_reported_and_the_token_is_not_sent(boards: Boards, tmp_path: Path) -> None:
    key, certificate, both = tmp_path / "key.pem", tmp_path / "certificate.pem", tmp_path / "both.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-keyout",
        key,
        "-out",
        certificate,
    ]
    try:
        subprocess.run([*map(str, command)], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("makes its certificate with openssl")
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    with serving(Grafana(), both) as grafana:
        error = failure(grafana.url, boards)
        assert grafana.requests == []
    assert "TLS" in error.what
    assert "REQUESTS_CA_BUNDLE" in error.hint


def test_a_token_that_a_proxy_echoes_is_blanked(grafana: Grafana, boards: Boards) -> None:
    grafana.intercept = lambda *_: Answer(400, {"message": f"bad header: Bearer {EDITOR}\nsecond line"})
    assert "bad header: Bearer *** second line" in failure(grafana.url, boards).what


def test_the_token_goes_into_the_header_and_nowhere_else(grafana: Grafana, boards: Boards) -> None:
    push(Target.parse(grafana.url, EDITOR), boards, Folder())
    assert {authorization for _, _, authorization in grafana.requests} == {f"Bearer {EDITOR}"}
    assert not [path for _, path, _ in grafana.requests if EDITOR in path]


def test_requests_to_this_machine_bypass_proxies(grafana: Grafana, boards: Boards, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Grafana()) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        push(Target.parse(grafana.url, EDITOR), boards, Folder())
        assert proxy.requests == []
