"""SQL that tells at which level of adversity a mention counts; see `squall.core.gravity.levels`."""

from __future__ import annotations

from typing import Final

from squall.core.gravity.levels import ADVERSE, LEVELS, LIMITS, NEGATIVE, SOME
from squall.storage.queries.spans import sql

_SEVERITY: Final = "ifNull(toFloat64(severity), 0.)"
_PAST: Final = ", ".join(f"{_SEVERITY} >= {limit}, {number}" for number, limit in reversed(list(enumerate(LIMITS, 2))))

LEVEL: Final = f"multiIf({_PAST}, {_SEVERITY} >= {ADVERSE} OR (toFloat64(p_negative) > {NEGATIVE} AND {_SEVERITY} >= {SOME}), 1, 0)"
"""As `level_of`, of `severity` and `p_negative`."""
PAST_LEVELS: Final = ", ".join(f"countIf(level >= {level})" for level in range(LEVELS))
"""How many rows of a group have each `level` or a higher one."""
UNDATED: Final = sql(
    "((reinterpretAsUInt128(unhex(id)), published_at) IN ($documents))",
    documents="""
    SELECT reinterpretAsUInt128(unhex(id)), published_at FROM documents
    WHERE undated AND published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
""",
)
"""Whether the document `id` has no time of its own."""
