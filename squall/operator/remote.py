"""The operator client of a node that has the embedded store open: it uses the JSON API of the node's live page."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx

from squall.app.page_address import page_address
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError, SquallError, StoreLockedError
from squall.core.records import Alert, AlertState
from squall.dashboards.page.schemas.alerts import AcknowledgementResponse, AlertsView, AlertView
from squall.dashboards.page.schemas.silences import SilencesView, SilenceView
from squall.operator.client import Case
from squall.storage.rows.alerting import Acknowledgement, Silence

_TIMEOUT = 30.0
_JSON = {"Content-Type": "application/json"}


@contextmanager
def open_remote_client(settings: Settings, locked: StoreLockedError) -> Iterator[RemoteClient]:
    """Talk to the live page of the process that has the store open.

    Raises:
        StoreLockedError: `locked`, when that process serves no page.
        ConfigurationError: the page wants a token.
    """
    url = page_address(settings, locked.holder)
    if url is None:
        raise locked
    token = settings.web.token.get_secret_value().strip()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT, trust_env=False) as client:
        yield RemoteClient(client, locked)


class RemoteClient:
    """Over the JSON API of a live page.

    Args:
        client: its base URL is the page's.
        locked: raised when nobody answers there.
    """

    def __init__(self, client: httpx.Client, locked: StoreLockedError) -> None:
        self._client, self._locked = client, locked

    def alerts(self, states: Sequence[AlertState], limit: int) -> list[Alert]:
        """Return alerts in their newest state."""
        found = AlertsView.model_validate_json(self._ask("GET", "api/alerts", params={"state": [s.value for s in states], "limit": limit}))
        return [_plain(row) for row in found.alerts]

    def alert(self, alert_id: str) -> Alert | None:
        """Return the alert of this whole id."""
        body = self._ask("GET", f"api/alerts/{alert_id}", missing=(404, 422))
        return _plain(AlertView.model_validate_json(body).alert) if body else None

    def case(self, alert: Alert) -> Case:
        """Return what is known about an alert."""
        found = AlertView.model_validate_json(self._ask("GET", f"api/alerts/{alert.id}"))
        said = found.alert.acknowledged
        return Case(
            found.documents,
            [Acknowledgement(alert.id, said.author, said.note, said.at)] if said else [],
            found.notifications,
        )

    def acknowledge(self, alert: Alert, author: str, note: str) -> Acknowledgement:
        """Take an alert up."""
        body = self._ask("POST", f"api/alerts/{alert.id}/acknowledgement", content={"author": author, "note": note})
        said = AcknowledgementResponse.model_validate_json(body).acknowledged
        return Acknowledgement(alert.id, said.author, said.note, said.at)

    def silences(self) -> list[Silence]:
        """Return the silences that are not over."""
        return [_silence(row) for row in SilencesView.model_validate_json(self._ask("GET", "api/silences")).silences]

    def silence(self, matchers: Sequence[str], author: str, reason: str, length: timedelta) -> Silence:
        """Silence alerts from now on."""
        minutes = math.ceil(length / timedelta(minutes=1))
        wanted = {"matchers": list(matchers), "author": author, "reason": reason, "minutes": minutes}
        return _silence(SilenceView.model_validate_json(self._ask("POST", "api/silences", content=wanted)))

    def end(self, silence: Silence) -> Silence:
        """End a silence now."""
        return _silence(SilenceView.model_validate_json(self._ask("DELETE", f"api/silences/{silence.id}")))

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        content: dict[str, Any] | None = None,
        missing: Sequence[int] = (),
    ) -> bytes:
        """Return the answer's JSON; nothing where its status is one of `missing`."""
        body = None if content is None else json.dumps(content)
        try:
            answer = self._client.request(method, path, params=params, content=body, headers=_JSON)
        except httpx.TransportError:
            raise self._locked from None
        if answer.status_code in missing:
            return b""
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise ConfigurationError(
                f"the live page at {self._client.base_url} wants its token", "set SQUALL_WEB__TOKEN as that node has it"
            )
        if answer.is_error:
            raise SquallError(f"the live page at {self._client.base_url} refused: {_reason(answer)}", "correct what it names")
        return answer.content


def _plain(row: Alert) -> Alert:
    """The alert without what a page adds to it."""
    return Alert.model_validate(row.model_dump(include=set(Alert.model_fields)))


def _silence(view: SilenceView) -> Silence:
    return Silence(view.id, view.matchers, view.author, view.reason, view.starts_at, view.ends_at)


def _reason(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
    if isinstance(detail, list):  # what a request lacked
        return "; ".join(f"{'.'.join(map(str, part['loc'][1:]))}: {part['msg']}" for part in detail)
    return str(detail)
