"""The value of a message as fields: JSON, or Avro with a schema registry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

import fastavro
import orjson

from squall.core.cleaning.foreign_json import decode_utf8, parse_json
from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.core.net.outbound.errors import status_words
from squall.ingest.registry.http import SourceHttp
from squall.ingest.registry.live import RefusedError

Decode = Callable[[bytes, threading.Event], Mapping[str, Any]]
"""Value of a message → its fields; raises `InvalidRecordError`, and `UnavailableError` where the registry does not answer."""

_MAGIC: Final = 0
_HEADER_BYTES: Final = 5
_MOST_SCHEMAS: Final = 1_000


def decode_json(value: bytes, _stop: threading.Event) -> Mapping[str, Any]:
    """Return the JSON object that `value` is.

    Raises:
        InvalidRecordError: it is none.
    """
    data = parse_json(decode_utf8(value))
    if not isinstance(data, dict):
        raise InvalidRecordError("not_an_object", f"expected a JSON object, got {type(data).__name__}")
    return data


class AvroDecoder:
    """Decodes messages in Confluent's wire format: a zero byte, the schema's number in four bytes, the Avro body.

    Args:
        registry: URL of the schema registry; a user and password in it are sent.
        http: asks it.
    """

    def __init__(self, registry: str, http: SourceHttp) -> None:
        self._registry = registry.rstrip("/")
        self._http = http
        self._schemas: dict[int, Any] = {}

    def __call__(self, value: bytes, stop: threading.Event) -> Mapping[str, Any]:
        """Return the fields of a record.

        Raises:
            InvalidRecordError: it is not in that format, its schema is not known, or the body does not fit it.
            UnavailableError: the registry does not answer.
            RefusedError: the registry refuses the login.
        """
        if len(value) < _HEADER_BYTES or value[0] != _MAGIC:
            raise InvalidRecordError("broken_avro", "the message does not begin with a zero byte and the number of a schema")
        schema = self._schema(int.from_bytes(value[1:_HEADER_BYTES], "big"), stop)
        try:
            record = fastavro.schemaless_reader(BytesIO(value[_HEADER_BYTES:]), schema, None)
        except MemoryError:
            raise
        except Exception as error:
            raise InvalidRecordError("broken_avro", f"the body does not fit its schema: {type(error).__name__}") from error
        if not isinstance(record, dict):
            raise InvalidRecordError("not_an_object", f"expected an Avro record, got {type(record).__name__}")
        return {str(name): _plain(value) for name, value in record.items()}

    def _schema(self, number: int, stop: threading.Event) -> Any:
        if number in self._schemas:
            return self._schemas[number]
        answer = self._http.request("GET", f"{self._registry}/schemas/ids/{number}", stop, headers={"Accept": "application/json"})
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise RefusedError(
                f"the schema registry answered {status_words(answer.status)}", "correct user and password in the URL of registry"
            )
        if answer.status == HTTPStatus.NOT_FOUND:
            raise InvalidRecordError("unknown_schema", f"the registry has no schema {number}")
        found = answer.json()
        try:
            schema = fastavro.parse_schema(orjson.loads(found["schema"]))
        except Exception as error:
            what = "it refers to other schemas" if isinstance(found, dict) and found.get("references") else type(error).__name__
            raise InvalidRecordError("unknown_schema", f"schema {number} of the registry can't be used: {what}") from error
        if len(self._schemas) >= _MOST_SCHEMAS:
            self._schemas.clear()
        self._schemas[number] = schema
        return schema


def decoder(form: str, registry: str, http: SourceHttp) -> Decode:
    """Return what decodes the messages of a topic.

    Raises:
        ConfigurationError: Avro without a registry.
        UnavailableError: never here.
    """
    if form == "json":
        return decode_json
    if not registry:
        raise ConfigurationError("format avro needs registry, the URL of the schema registry", 'registry = "https://registry.example:8081"')
    return AvroDecoder(registry, http)


def _plain(value: Any) -> Any:
    """Return an Avro value as JSON would have it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
