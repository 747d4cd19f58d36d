"""Counts of groups of entities: a sector's companies, a company with its subsidiaries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from squall.core.records import EntityKind
from squall.storage.queries.base import Queries
from squall.storage.queries.entities.counts import Order
from squall.storage.queries.entities.rollup_rows import ALL, both_spans, mean, rows_of, severity
from squall.storage.queries.spans import sql
from squall.storage.rows.entities import EntityCount, GroupCount
from squall.storage.schema.table import utc, valid_text

_LISTED: Final = 2000
"""More entities than this are not listed in the query: reading all rows and leaving some out costs a third of that."""
_WANTED: Final = "(empty({entities:Array(String)}) OR entity IN {entities:Array(String)})"
_COLUMNS: Final = (
    "entity, kind, negative, neutral, positive, score_sum, relevance_sum, severities, grave, severity_sum, severity_max, $now AS now"
)
_PER_ENTITY = sql(
    """
SELECT
    entity,
    toString(any(kind)),
    toInt64(sumIf(negative, now)),
    toInt64(sumIf(neutral, now)),
    toInt64(sumIf(positive, now)),
    sumIf(score_sum, now),
    sumIf(relevance_sum, now),
    toInt64(sumIf(negative, NOT now)),
    toInt64(sumIf($all, NOT now)),
    sumIf(score_sum, NOT now),
    toInt64(sumIf(severities, now)),
    toInt64(sumIf(grave, now)),
    sumIf(severity_sum, now),
    maxIf(severity_max, now)
FROM
(
    $now
    UNION ALL
    $before
)
GROUP BY entity
""",
    all=ALL,
    now=rows_of("now", sql(_COLUMNS, now="1"), _WANTED),
    before=rows_of("before", sql(_COLUMNS, now="0"), _WANTED),
)
_NAMES: Final = "SELECT entity, name, symbols FROM entity_names FINAL WHERE entity IN {entities:Array(String)}"
_LAST: Final = "SELECT count(), max(last_published_at) FROM entity_names FINAL WHERE entity IN {entities:Array(String)}"


class _Row(NamedTuple):
    """The counts of one entity in both spans."""

    entity: str
    kind: str
    negative: int
    neutral: int
    positive: int
    score: float
    relevance: float
    negative_before: int
    documents_before: int
    score_before: float
    severities: int
    grave: int
    severity: float
    gravest: float

    @property
    def documents(self) -> int:
        return self.negative + self.neutral + self.positive

    @property
    def sums(self) -> tuple[float, ...]:
        """All that is added up: not the largest severity, which stands last."""
        return self[2:-1]


_SUMS: Final = len(_Row._fields) - 3
_FIRST_BY: Final[dict[Order, Callable[[_Row], tuple[float, ...]]]] = {
    "negative": lambda row: (-row.negative, row.score),
    "change": lambda row: (-abs(row.negative - row.negative_before) / max(row.negative + row.negative_before, 1) ** 0.5,),
    "volume": lambda row: (-row.documents,),
    "gravest": lambda row: (-row.gravest, -row.grave, -row.negative),
}


class GroupQueries(Queries):
    """Sums over entities, from the counts kept beside the documents, copies once; spans as in `EntityQueries`.

    A document that names two entities of a group counts for each of them: counts are kept per entity, not per document.
    """

    def totals(self, groups: Mapping[str, Collection[str]], since: datetime, until: datetime) -> list[GroupCount]:
        """Return the counts of each group, and those of the span of equal length before, in the order of `groups`.

        Args:
            groups: ids of entities by the name of their group; an entity may be in several groups.
        """
        places: dict[str, list[int]] = defaultdict(list)
        for place, entities in enumerate(groups.values()):
            for entity in set(entities):
                places[entity].append(place)
        rows = list(self._rows(places, since, until))
        into = np.array([place for row in rows for place in places[row.entity]], dtype=np.int64)
        counts = np.repeat(np.array([row.sums for row in rows]).reshape(-1, _SUMS), [len(places[row.entity]) for row in rows], axis=0)
        sums, named = np.zeros((len(groups), _SUMS)), np.zeros(len(groups), dtype=np.int64)
        np.add.at(sums, into, counts)
        np.add.at(named, into, counts[:, :3].any(axis=1))
        gravest = np.zeros(len(groups))
        np.maximum.at(gravest, into, np.repeat([row.gravest for row in rows], [len(places[row.entity]) for row in rows]))
        found = zip(groups, sums.tolist(), gravest.tolist(), named.tolist(), strict=True)
        return [_group(name, row, largest, number) for name, row, largest, number in found]

    def members(
        self, name: str, entities: Collection[str], since: datetime, until: datetime, *, order: Order = "negative", limit: int = 20
    ) -> tuple[GroupCount, list[EntityCount]]:
        """Return the counts of one group, and those of its entities that documents name, ordered as by `EntityQueries.top`.

        Args:
            limit: of the entities; the group's counts are of all.
        """
        rows = list(self._rows(frozenset(entities), since, until))
        sums = [sum(column) for column in zip(*(row.sums for row in rows), strict=True)]
        gravest = max((row.gravest for row in rows), default=0.0)
        group = _group(name, sums, gravest, sum(row.documents > 0 for row in rows))
        counted = [row for row in rows if row.documents or (order == "change" and row.negative_before)]
        first = sorted(counted, key=lambda row: (*_FIRST_BY[order](row), row.entity))[:limit]
        found = self._select(_NAMES, entities=[row.entity for row in first])
        names = {entity: (called, tuple(symbols)) for entity, called, symbols in found}
        return group, [_member(row, *names.get(row.entity, (row.entity, ()))) for row in first]

    def last_published_at(self, entities: Collection[str]) -> datetime | None:
        """Return the publication time of the newest document that names any of `entities`, None when none does."""
        count, last = self._only(_LAST, entities=list(map(valid_text, entities)))
        return utc(last) if count else None

    def _rows(self, entities: Collection[str], since: datetime, until: datetime) -> Iterable[_Row]:
        if not entities:
            return
        listed = list(map(valid_text, entities)) if len(entities) <= _LISTED else []
        for row in self._select(_PER_ENTITY, entities=listed, **both_spans(since, until)):
            if row[0] in entities:
                yield _Row(*row)


def _group(name: str, sums: Sequence[float], gravest: float, named: int) -> GroupCount:
    negative, neutral, positive, score, relevance, negative_before, documents_before, score_before, severities, grave, total = (
        sums or [0] * _SUMS
    )
    documents, before = int(negative + neutral + positive), int(documents_before)
    largest, mean_severity, number = severity(severities, grave, total, gravest)
    return GroupCount(
        group=name,
        named=named,
        negative=int(negative),
        neutral=int(neutral),
        positive=int(positive),
        mean_score=mean(score, documents),
        mean_relevance=mean(relevance, documents),
        negative_before=int(negative_before),
        documents_before=before,
        mean_score_before=mean(score_before, before),
        gravest=largest,
        mean_severity=mean_severity,
        grave=number,
    )


def _member(row: _Row, name: str, symbols: tuple[str, ...]) -> EntityCount:
    largest, mean_severity, number = severity(row.severities, row.grave, row.severity, row.gravest)
    return EntityCount(
        entity=row.entity,
        kind=EntityKind(row.kind),
        name=name,
        symbols=symbols,
        negative=row.negative,
        neutral=row.neutral,
        positive=row.positive,
        mean_score=mean(row.score, row.documents),
        mean_relevance=mean(row.relevance, row.documents),
        negative_before=row.negative_before,
        documents_before=row.documents_before,
        mean_score_before=mean(row.score_before, row.documents_before),
        gravest=largest,
        mean_severity=mean_severity,
        grave=number,
    )
