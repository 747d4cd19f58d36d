"""SQL that the counts per topic and per entity share: how severity and events of documents are added up and compared.

`FRESH` counts documents with `severity`, `event_names` and `copy`, `KEPT` reads the rows that were written before; over both, told apart by
`fresh`, `NOW` is what is to be written, in the order of `COLUMNS`, and `MOVED` says whether it differs.
"""

from __future__ import annotations

from typing import Final

from squall.core.gravity.severities import GRAVE_FROM
from squall.storage.queries.spans import sql

COLUMNS: Final = "severities, grave, severity_sum, severity_max, event_names, event_counts"
FRESH: Final = sql(
    """
countIf(isNotNull(severity) AND NOT copy) AS severities,
countIf(ifNull(severity, 0) >= $grave_from AND NOT copy) AS grave,
sumIf(toFloat64(ifNull(severity, 0)), NOT copy) AS severity_sum,
toFloat32(maxIf(ifNull(severity, 0), NOT copy)) AS severity_max,
sumMapIf(CAST(event_names, 'Array(String)'), arrayMap(name -> toUInt64(1), event_names), NOT copy) AS happened
""",
    grave_from=str(GRAVE_FROM),
)
KEPT: Final = """
severities, grave, severity_sum, severity_max,
tuple(CAST(event_names, 'Array(String)'), CAST(event_counts, 'Array(UInt64)')) AS happened
"""
_HAPPENED: Final = "sumMapIf(tupleElement(happened, 1), tupleElement(happened, 2), $which)"
NOW: Final = sql(
    """
sumIf(severities, fresh), sumIf(grave, fresh), sumIf(severity_sum, fresh), maxIf(severity_max, fresh),
tupleElement($happened, 1), tupleElement($happened, 2)
""",
    happened=sql(_HAPPENED, which="fresh"),
)
MOVED: Final = sql(
    """
(sumIf(severities, fresh), sumIf(grave, fresh)) != (sumIf(severities, NOT fresh), sumIf(grave, NOT fresh))
OR abs(sumIf(severity_sum, fresh) - sumIf(severity_sum, NOT fresh)) > 1e-3
OR abs(maxIf(severity_max, fresh) - maxIf(severity_max, NOT fresh)) > 1e-5
OR $now != $before
""",
    now=sql(_HAPPENED, which="fresh"),
    before=sql(_HAPPENED, which="NOT fresh"),
)
