"""What Grafana's refusals mean, and what to do about them."""

from __future__ import annotations

from typing import Any

import requests
from grafana_client.client import GrafanaException

from squall.core.errors import SquallError, UnavailableError
from squall.dashboards.grafana.push.target import TOKEN_VARIABLE, Target

_LONGEST_DETAIL = 300


class GrafanaError(SquallError):
    """Grafana refused, or what answered is not Grafana."""


class GrafanaUnavailableError(GrafanaError, UnavailableError):
    """Grafana did not answer, or not in time."""


class NotFoundError(GrafanaError):
    """Grafana has nothing by that uid."""


class ConflictError(GrafanaError):
    """What is in Grafana is not what the last push left there, or its name is taken."""


def from_answer(error: GrafanaException, target: Target, doing: str, permission: str) -> GrafanaError:
    """Turn an HTTP status into an error.

    Args:
        doing: what was tried, to which input: `save the dashboard 'Market mood'`.
        permission: the right it needs: `dashboards:write`.
    """
    status, detail = error.status_code, _detail(error.response, target)
    said = f": {detail}" if detail else ""
    what = f"{target.url} refused to {doing} ({status}{said})"
    if status == 401:
        return GrafanaError(
            f"{target.url} does not know the token (401), on the way to {doing}",
            f"it is wrong, expired or of another Grafana: make a new one under Service accounts and put it into {TOKEN_VARIABLE}",
        )
    if status == 403:
        return GrafanaError(what, f"the token's role lacks the permission {permission}: {_role(permission)}")
    if status == 404:
        return NotFoundError(
            f"{target.url} has nothing there to {doing} (404{said})", "is the address that of Grafana, with its sub path if it has one?"
        )
    if status in {409, 412}:
        return ConflictError(what, _way_out(permission))
    if status == 429:
        return GrafanaUnavailableError(what, "too many requests: wait a minute and push again")
    if status >= 500:
        return GrafanaUnavailableError(
            f"{target.url} failed while asked to {doing} ({status}{said})",
            "look into Grafana's log, or that of the proxy before it, and push again",
        )
    return GrafanaError(what, "Grafana does not accept the request: is it version 11 or later?")


def from_transport(error: Exception, target: Target, doing: str) -> GrafanaError:
    """Turn a failure below HTTP into an error; the library's own words may quote headers and are left out."""
    where = f"{target.url}, on the way to {doing}"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        place = error.response.headers.get("Location", "") if error.response is not None else ""
        return GrafanaError(
            f"{target.url} redirects to {scrub(place, target) or 'another page'}",
            "give --url the address it redirects to, up to Grafana's path",
        )
    if isinstance(error, requests.exceptions.SSLError):
        return GrafanaError(
            f"no trusted TLS connection to {where}",
            "is the certificate expired, of another name or of your own CA? For that: REQUESTS_CA_BUNDLE=/path/to/ca.pem",
        )
    if isinstance(error, requests.exceptions.Timeout):
        return GrafanaUnavailableError(
            f"no answer within {target.timeout_seconds:g} s from {where}",
            "push again (what was saved is left alone), with a longer --timeout if it is slow",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return GrafanaUnavailableError(f"the proxy did not let us through to {where}", "look at HTTPS_PROXY and NO_PROXY")
    if isinstance(error, requests.exceptions.ConnectionError):
        return GrafanaUnavailableError(f"no connection to {where}", "is Grafana running there, and are host and port right?")
    return not_grafana(target, doing)


def not_grafana(target: Target, doing: str) -> GrafanaError:
    """Something answered, with a page or JSON of another kind."""
    return GrafanaError(
        f"{target.url} did not answer like Grafana when asked to {doing}",
        "a login page, a proxy or another program? Give --url Grafana's address with its sub path, like https://example.com/grafana",
    )


def scrub(text: str, target: Target) -> str:
    """Return `text` on one line, cut, and without the token, should a proxy have echoed it."""
    return " ".join(text.replace(target.token.get_secret_value(), "***").split())[:_LONGEST_DETAIL]


def _detail(response: Any, target: Target) -> str:
    if isinstance(response, dict):
        return scrub(str(response.get("message", "")), target)
    text = str(response)
    return "" if text.lstrip().startswith("<") else scrub(text, target)


def _role(permission: str) -> str:
    if permission.startswith(("datasources:", "plugins:")):
        return "give the service account the role Admin, or create the data source yourself and push without --with-datasource"
    return "give the service account the role Editor, or Edit on the folder"


def _way_out(permission: str) -> str:
    if permission.startswith("datasources:"):
        return "another data source has that name, or somebody saved it meanwhile: look at it in Grafana, then push again"
    return "somebody saved it meanwhile or its name is taken: look at `--dry-run`, then push again with --overwrite to replace it"
