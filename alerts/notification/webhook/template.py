"""The body of a webhook request from a template of the operator, for services that want a form of their own.

The language is Jinja, in its sandbox. Where the content type is JSON, every `{{ … }}` writes a JSON value, quotation marks included: what a
headline holds can't break out of its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from squall.alerts.notification.content import NotificationContent
from squall.alerts.notification.webhook.payload import payload
from squall.alerts.notification.wording import REASONS, title
from squall.core.config.files.regular import MOST_SETTINGS_BYTES, read_regular_file
from squall.core.errors import ConfigurationError
from squall.storage.rows.documents import StoredDocument

_JSON: Final = ("application/json", "+json")
_HINT: Final = "docs/alerting.md shows a template and lists what it may use"


def build_body(
    path: Path,
    content_type: str,
    notification_id: str,
    content: NotificationContent,
    documents: Mapping[str, Sequence[StoredDocument]],
    link: str,
) -> bytes:
    """Return what the template at `path` makes of a message.

    It is given the fields of the JSON that a webhook receives without a template, `title` (the heading of a mail) and `sentence` (why the
    message goes out).

    Args:
        path: of the template, UTF-8.
        content_type: of the body; JSON is checked to be JSON.
        notification_id: as of `build_payload`, like the remaining arguments.
        content: of the message.
        documents: by alert id.
        link: the dashboard's address.

    Raises:
        ConfigurationError: the file can't be read, is no template, uses what is not there, or makes JSON that is none.
    """
    is_json = _is_json(content_type)
    fields = {**payload(notification_id, content, documents, link), "title": title(content), "sentence": REASONS[content.reason]}
    try:
        text = read_regular_file(path, MOST_SETTINGS_BYTES).decode("utf-8")
        body = _environment(is_json).from_string(text).render(fields).encode("utf-8")
    except TemplateSyntaxError as error:
        raise ConfigurationError(f"the template {path}, line {error.lineno}: {error.message}", _HINT) from error
    except (TemplateError, UnicodeDecodeError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise ConfigurationError(f"the template {path}: {error}", _HINT) from error
    if is_json:
        _check(path, body)
    return body


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower().endswith(_JSON)


def _environment(is_json: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=is_json,  # marks the output of macros and filters as finished, so that it is not written as JSON twice
        finalize=_json_value if is_json else _text,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _json_value(value: Any) -> Any:
    if isinstance(value, StrictUndefined):
        return str(value)  # raises, and names what is not there
    return value if isinstance(value, Markup) else Markup(orjson.dumps(value).decode())  # noqa: S704 - JSON, not HTML


def _text(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _check(path: Path, body: bytes) -> None:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        hint = "write {{ title }} without quotation marks of your own: they are part of what it writes"
        raise ConfigurationError(f"the template {path} makes no JSON: {error.msg} ({where} of what it made)", hint) from error
