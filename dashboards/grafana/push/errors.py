"""Errors of a push, with a hint for each."""

from __future__ import annotations

from typing import Any

import requests
from grafana_client.client import GrafanaException

from squall.core.errors import SquallError, UnavailableError
from squall.dashboards.grafana.push.target import TOKEN_VARIABLE, Target

_LONGEST_DETAIL = 300


class GrafanaError(SquallError):
    """Grafana refused, or the server is not Grafana."""


class GrafanaUnavailableError(GrafanaError, UnavailableError):
    """Grafana did not answer, or not in time."""


class NotFoundError(GrafanaError):
    """Grafana has no object with that uid."""


class ConflictError(GrafanaError):
    """The object in Grafana was changed since the last push, or its name is taken."""


def from_answer(error: GrafanaException, target: Target, doing: str, permission: str) -> GrafanaError:
    """Convert an HTTP status into an error.

    Args:
        doing: the attempted action, for example `save the dashboard 'Market mood'`.
        permission: the permission it requires, for example `dashboards:write`.
    """
    status, detail = error.status_code, _detail(error.response, target)
    reason = f": {detail}" if detail else ""
    what = f"{target.url} refused to {doing} ({status}{reason})"
    if status == 401:
        return GrafanaError(
            f"{target.url} does not accept the token (401), while trying to {doing}",
            f"the token is wrong, expired or from another Grafana: create one under Service accounts and set {TOKEN_VARIABLE}",
        )
    if status == 403:
        return GrafanaError(what, f"the token's role lacks the permission {permission}: {_permission_hint(permission)}")
    if status == 404:
        return NotFoundError(
            f"{target.url} cannot {doing}: not found (404{reason})", "check that the address is Grafana's, including its sub-path"
        )
    if status in {409, 412}:
        return ConflictError(what, _conflict_hint(permission))
    if status == 429:
        return GrafanaUnavailableError(what, "too many requests: wait a minute, then push again")
    if status >= 500:
        return GrafanaUnavailableError(
            f"{target.url} failed to {doing} ({status}{reason})",
            "check the log of Grafana or of the proxy in front of it, then push again",
        )
    return GrafanaError(what, "Grafana does not accept the request: check that its version is 12 or later")


def from_transport(error: Exception, target: Target, doing: str) -> GrafanaError:
    """Convert a transport failure into an error, without the library's message, which may quote headers."""
    where = f"{target.url}, while trying to {doing}"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        place = error.response.headers.get("Location", "") if error.response is not None else ""
        return GrafanaError(
            f"{target.url} redirects to {scrub(place, target) or 'another page'}",
            "set --url to the address that it redirects to, up to Grafana's path",
        )
    if isinstance(error, requests.exceptions.SSLError):
        return GrafanaError(
            f"no trusted TLS connection to {where}",
            "check whether the certificate has expired or is for another name; for your own CA, set REQUESTS_CA_BUNDLE=/path/to/ca.pem",
        )
    if isinstance(error, requests.exceptions.Timeout):
        return GrafanaUnavailableError(
            f"no answer within {target.timeout_seconds:g} s from {where}",
            "push again, with a longer --timeout if Grafana is slow; what was saved stays",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return GrafanaUnavailableError(f"the proxy refused the connection to {where}", "check HTTPS_PROXY and NO_PROXY")
    if isinstance(error, requests.exceptions.ConnectionError):
        return GrafanaUnavailableError(f"no connection to {where}", "check that Grafana is running there, and the host and port")
    return not_grafana(target, doing)


def not_grafana(target: Target, doing: str) -> GrafanaError:
    """Return the error for a response that is not Grafana's."""
    return GrafanaError(
        f"{target.url} did not respond like Grafana when asked to {doing}",
        "it may be a login page, a proxy or another program: set --url to Grafana's address with its sub-path, such as https://example.com/grafana",
    )


def scrub(text: str, target: Target) -> str:
    """Return `text` on one line, truncated, and without the token, which a proxy may have echoed."""
    return " ".join(text.replace(target.token.get_secret_value(), "***").split())[:_LONGEST_DETAIL]


def _detail(response: Any, target: Target) -> str:
    if isinstance(response, dict):
        return scrub(str(response.get("message", "")), target)
    text = str(response)
    return "" if text.lstrip().startswith("<") else scrub(text, target)


def _permission_hint(permission: str) -> str:
    if permission.startswith(("datasources:", "plugins:")):
        return "give the service account the role Admin, or create the data source yourself and push without --with-datasource"
    return "give the service account the role Editor, or the permission Edit on the folder"


def _conflict_hint(permission: str) -> str:
    if permission.startswith("datasources:"):
        return "another data source has that name, or someone saved it in the meantime: check it in Grafana, then push again"
    return "someone saved it in the meantime, or its name is taken: run with --dry-run first, then push with --overwrite to replace it"
