"""JSON that others wrote, read alike at every door: what one value of it breaks costs no more than that value."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from squall.core.errors import InvalidRecordError

_IN_FRONT: Final = "\ufeff\x1e"


def parse_json(data: bytes | str) -> Any:
    """Return what JSON says, as Python values.

    Beyond the standard it takes what usual programs write: `NaN` and `Infinity` mean not given (None), half an emoji (a lone surrogate)
    stays in the text until the text is cleaned, UTF-8 may hold surrogates, a byte order mark or a record separator (RFC 7464) may
    stand in front.

    Raises:
        InvalidRecordError: reason `broken_json`, or `broken_encoding` for bytes that are not UTF-8.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        text = data if isinstance(data, str) else decode_utf8(data)
        try:
            return json.loads(text.lstrip(_IN_FRONT), parse_constant=_not_given)
        except (ValueError, RecursionError):
            raise InvalidRecordError("broken_json", str(error)) from error


def decode_utf8(raw: bytes) -> str:
    """Return UTF-8 as text; surrogates in it, which some programs write for characters beyond U+FFFF, are joined or left alone.

    Raises:
        InvalidRecordError: reason `broken_encoding`.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        try:
            text = raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise InvalidRecordError("broken_encoding", f"byte {error.start} is not utf-8") from error
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _not_given(_: str) -> None:
    """NaN, Infinity and -Infinity are no values of a document."""
