"""Which rows of the kept counts per entity make up a span, exact to the minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from squall.storage.queries.spans import sql

HOUR: Final = timedelta(hours=1)
ALL: Final = "(negative + neutral + positive)"
"""All documents of a row."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Of a span its whole hours, and the minutes before and after them; `$p` is the beginning of the names of its parameters.
_PIECE = """
SELECT $columns FROM entity_rollup FINAL
WHERE step = $step AND bucket >= $floor({${p}_$first:DateTime64(3, 'UTC')}) AND bucket < {${p}_$last:DateTime64(3, 'UTC')}
  AND time >= {${p}_$first:DateTime64(3, 'UTC')} AND time < {${p}_$last:DateTime64(3, 'UTC')}
  AND $wanted
"""


def rows_of(p: str, columns: str, wanted: str) -> str:
    """Return a query for the rows of the span whose parameters begin with `p`; each counts documents that no other counts."""
    hours = {"step": "3600", "floor": "toStartOfDay", "first": "first_hour", "last": "last_hour"}
    before = {"step": "60", "floor": "toStartOfHour", "first": "start", "last": "first_hour"}
    after = {"step": "60", "floor": "toStartOfHour", "first": "last_hour", "last": "end"}
    return " UNION ALL ".join(sql(_PIECE, p=p, columns=columns, wanted=wanted, **piece) for piece in (hours, before, after))


def pieces(p: str, since: datetime, until: datetime, *, hours: bool = True) -> dict[str, datetime]:
    """Return the parameters of `rows_of`: where the span's whole hours begin and end, if `hours` and there are any."""
    start, end = since.replace(second=0, microsecond=0), until.replace(second=0, microsecond=0)
    first_hour, last_hour = -(-(start - _EPOCH) // HOUR) * HOUR + _EPOCH, (end - _EPOCH) // HOUR * HOUR + _EPOCH
    if not hours or first_hour >= last_hour:
        first_hour = last_hour = end
    return {f"{p}_start": start, f"{p}_first_hour": first_hour, f"{p}_last_hour": last_hour, f"{p}_end": end}


def both_spans(since: datetime, until: datetime) -> dict[str, datetime]:
    """Return the parameters of a span (`now`) and of the one of equal length before it (`before`)."""
    return {**pieces("now", since, until), **pieces("before", since - (until - since), since)}


def severity(documents: float, grave: float, total: float, largest: float) -> tuple[float | None, float | None, int]:
    """Return the largest and the mean severity, None without `documents` that have one, and how many are grave."""
    return (float(largest), float(total) / documents, int(grave)) if documents else (None, None, 0)


def mean(total: float, documents: int) -> float:
    """Return the mean of a kept sum, 0 without documents."""
    return float(total) / documents if documents else 0.0
