"""The operator client through the live page of the process that has an embedded store open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from squall.app.page_address import read_page_address
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError, SquallError, StoreLockedError
from squall.core.records import Alert
from squall.dashboards.page.schemas.alerts import AcknowledgementResponse, AlertsView, AlertView
from squall.dashboards.page.schemas.entities import EntityView
from squall.dashboards.page.schemas.health import StoreView
from squall.dashboards.page.schemas.silences import SilencePreviewView, SilencesView, SilenceView
from squall.operator.client import AlertDetails, MigrationStatus, StoreStatus, WantedSilence
from squall.storage.queries.alerting.alerts import AlertFilter
from squall.storage.queries.alerting.silence_preview import MatchedAlert, MatcherPreview, SilencePreview
from squall.storage.rows.alerting import Acknowledgement, Silence

_TIMEOUT_SECONDS = 30.0
_HEADERS = {"Content-Type": "application/json"}


@contextmanager
def open_remote_client(settings: Settings, locked: StoreLockedError) -> Iterator[RemoteClient]:
    """Use the live page of the process that has the store open.

    Raises:
        StoreLockedError: `locked`, when that process serves no live page.
    """
    url = read_page_address(settings, locked.holder)
    if url is None:
        raise locked
    token = settings.web.token.get_secret_value().strip()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
        yield RemoteClient(client, locked)


class RemoteClient:
    """The operator client over the JSON API of a live page.

    Every method raises `StoreLockedError` when the page does not respond, `ConfigurationError` when it refuses the token, and
    `SquallError` when it refuses the request.

    Args:
        client: its base URL is that of the page.
        locked: raised when the page does not respond.
    """

    def __init__(self, client: httpx.Client, locked: StoreLockedError) -> None:
        self._client, self._locked = client, locked

    def store_status(self) -> StoreStatus:
        """Return the state of the schema."""
        found = StoreView.model_validate_json(self._request("GET", "api/store"))
        return StoreStatus(found.version, [MigrationStatus(row.number, row.name, row.applied_at) for row in found.migrations])

    def alerts(self, wanted: AlertFilter, limit: int) -> list[Alert]:
        """Return at most `limit` of the alerts that are wanted, newest first."""
        parameters: dict[str, Any] = {
            "state": [state.value for state in wanted.states],
            "topic": list(wanted.topics),
            "name": list(wanted.names),
            "limit": limit,
        }
        if wanted.since:
            parameters["since"] = wanted.since.isoformat()
        found = AlertsView.model_validate_json(self._request("GET", "api/alerts", params=parameters))
        return [_alert(row) for row in found.alerts]

    def alert(self, alert_id: str) -> Alert | None:
        """Return the alert with this whole id."""
        body = self._request("GET", f"api/alerts/{alert_id}", missing=(404, 422))
        return _alert(AlertView.model_validate_json(body).alert) if body else None

    def alert_details(self, alert: Alert) -> AlertDetails:
        """Return what belongs to an alert."""
        found = AlertView.model_validate_json(self._request("GET", f"api/alerts/{alert.id}"))
        row = found.alert.acknowledged
        return AlertDetails(
            found.drivers,
            found.documents,
            [Acknowledgement(alert.id, row.author, row.note, row.at)] if row else [],
            found.notifications,
        )

    def acknowledge(self, alert: Alert, author: str, note: str) -> Acknowledgement:
        """Acknowledge an alert."""
        body = self._request("POST", f"api/alerts/{alert.id}/acknowledgement", content={"author": author, "note": note})
        row = AcknowledgementResponse.model_validate_json(body).acknowledged
        return Acknowledgement(alert.id, row.author, row.note, row.at)

    def entity(self, node: str, hours: int, *, members: bool, limit: int) -> EntityView | None:
        """Return an entity or group over time; None when no document names it, or nothing belongs to it."""
        parameters = {"hours": hours, "members": members, "limit": limit}
        body = self._request("GET", f"api/entities/{quote(node, safe='')}", params=parameters, missing=(404,))
        return EntityView.model_validate_json(body) if body else None

    def silences(self) -> list[Silence]:
        """Return the silences that have not ended, planned ones too."""
        return [_silence(row) for row in SilencesView.model_validate_json(self._request("GET", "api/silences")).silences]

    def preview_silence(self, matchers: Sequence[str]) -> SilencePreview:
        """Return what a silence with these matchers would match of the newest alerts; nothing is stored."""
        body = self._request("GET", "api/silences/preview", params={"matcher": list(matchers)})
        found = SilencePreviewView.model_validate_json(body)
        return SilencePreview(
            tuple(MatcherPreview(row.matcher, row.matched, row.values, row.nearest) for row in found.matchers),
            found.tried,
            *(tuple(MatchedAlert(**row.model_dump()) for row in rows) for rows in (found.open, found.past)),
        )

    def create_silence(self, wanted: WantedSilence) -> Silence:
        """Silence alerts."""
        content: dict[str, Any] = {"matchers": list(wanted.matchers), "author": wanted.author, "reason": wanted.reason}
        if wanted.ends_at:
            content["ends_at"] = wanted.ends_at.isoformat()
        if wanted.length:
            content["minutes"] = wanted.length // timedelta(minutes=1)
        if wanted.starts_at:
            content["starts_at"] = wanted.starts_at.isoformat()
        return _silence(SilenceView.model_validate_json(self._request("POST", "api/silences", content=content)))

    def extend_silence(self, silence: Silence, ends_at: datetime) -> Silence:
        """Give a silence another end."""
        body = self._request("PATCH", f"api/silences/{silence.id}", content={"ends_at": ends_at.isoformat()})
        return _silence(SilenceView.model_validate_json(body))

    def end_silence(self, silence: Silence) -> Silence:
        """End a silence now."""
        return _silence(SilenceView.model_validate_json(self._request("DELETE", f"api/silences/{silence.id}")))

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        content: dict[str, Any] | None = None,
        missing: Sequence[int] = (),
    ) -> bytes:
        """Return the body of the response; empty when its status is one of `missing`."""
        body = None if content is None else json.dumps(content)
        try:
            response = self._client.request(method, path, params=params, content=body, headers=_HEADERS)
        except httpx.TransportError:
            raise self._locked from None
        if response.status_code in missing:
            return b""
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise ConfigurationError(
                f"the live page at {self._client.base_url} requires its token", "set SQUALL_WEB__TOKEN to the token of that node"
            )
        if response.is_error:
            raise SquallError(f"the live page at {self._client.base_url} refused the request: {_reason(response)}")
        return response.content


def _alert(row: Alert) -> Alert:
    """Return the alert without the fields that the page adds."""
    return Alert.model_validate(row.model_dump(include=set(Alert.model_fields)))


def _silence(view: SilenceView) -> Silence:
    return Silence(view.id, view.matchers, view.author, view.reason, view.starts_at, view.ends_at)


def _reason(response: httpx.Response) -> str:
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"
    if isinstance(detail, list):  # the fields that failed validation
        return "; ".join(f"{'.'.join(map(str, part['loc'][1:]))}: {part['msg']}" for part in detail)
    return str(detail)
