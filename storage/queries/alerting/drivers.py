"""Who and what drives an alert: the documents that it counted, by name, by story and by event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from squall.core.headline_groups import group_headlines
from squall.core.records import Alert, EntityKind, SeriesKind
from squall.storage.queries.alerting.scope import scope_of
from squall.storage.queries.base import Queries
from squall.storage.queries.entities.readings import COUNTED_ONCE
from squall.storage.queries.spans import EVERYTHING, SPAN, span, sql
from squall.storage.queries.stories.members import STORY_OF
from squall.storage.rows.drivers import Drivers, DrivingDocument, DrivingStory, EventCount, Lead
from squall.storage.schema.table import utc

MOST_DOCUMENTS: Final = 1000
"""Of a window with more negative documents the gravest are looked at."""
_LEADS: Final = 5
_STORIES: Final = 10
_LEAST_NAMED: Final = 2
_LEAD_SHARE: Final = 0.2
"""A name stands out from this share of the documents on."""
_PLACES: Final = frozenset({EntityKind.COUNTRY, EntityKind.PLACE, EntityKind.CURRENCY})
"""Kinds that texts name beside what they are about."""

_WANTED = """
if(
    empty({documents:Array(String)}),
    toString(sentiment) = 'negative' AND NOT undated
        AND ({topic:String} = '' OR topic = {topic:String})
        AND (empty({symbols:Array(String)}) OR hasAny(symbols, {symbols:Array(String)})),
    has({documents:Array(String)}, id)
)
"""
# Copies of before the window do not count, those within it are told beside their document: what the detector counted, and nothing else.
_DOCUMENTS = sql(
    """
SELECT id, if(title = '', substringUTF8(text, 1, 200), title) AS headline, url, source, published_at, p_negative, severity, event_names,
       ifNull(repeats, 0) AS copies, story_id
FROM
(
    SELECT id, title, text, url, source, published_at, p_negative, severity, event_names, fingerprint FROM $span AND $wanted
) AS counted
LEFT JOIN
(
    SELECT fingerprint, count() - 1 AS repeats FROM $everything GROUP BY fingerprint HAVING repeats > 0
) AS repeated USING (fingerprint)
LEFT JOIN ($stories) AS told USING (id)
ORDER BY ifNull(severity, 0) DESC, p_negative DESC, published_at, id
LIMIT {limit:UInt32}
""",
    span=SPAN,
    everything=EVERYTHING,
    wanted=_WANTED,
    stories=STORY_OF,
)
_NAMED = sql(
    """
SELECT id, entity, toString(kind) AS kind_name, name FROM $counted AND has({ids:Array(String)}, id) ORDER BY id, relevance DESC, entity
""",
    counted=COUNTED_ONCE,
)


class DriverQueries(Queries):
    """Who and what drives alerts."""

    def of(self, alert: Alert, sectors: Mapping[str, Collection[str]]) -> Drivers:
        """Return who and what drives an alert; nothing for an alert about a source.

        Args:
            sectors: the symbols of each watched sector.
        """
        return summarise(self.documents(alert, sectors), alert.lead_entity if alert.kind is SeriesKind.ENTITY else "")

    def documents(self, alert: Alert, sectors: Mapping[str, Collection[str]]) -> list[DrivingDocument]:
        """Return the negative documents that an alert counted, gravest first, with whom they name; `MOST_DOCUMENTS` at most.

        Of an alert about a name they are those that drive it, whatever their sentiment.
        """
        scope = scope_of(alert, sectors)
        if scope is None:
            return []
        over = span(*scope.span, copies=False)
        wanted = {"topic": scope.topic, "symbols": list(scope.symbols), "documents": list(scope.documents)}
        rows = [
            DrivingDocument(key, title, url, source, utc(at), float(negative), severity, tuple(events), int(copies), story_id=story)
            for key, title, url, source, at, negative, severity, events, copies, story in self._select(
                _DOCUMENTS, **wanted, limit=MOST_DOCUMENTS, **over
            )
        ]
        named: dict[str, list[tuple[str, EntityKind, str]]] = {row.id: [] for row in rows}
        if rows:
            for key, entity, kind, name in self._select(_NAMED, ids=list(named), **over):
                named[key].append((entity, EntityKind(kind), name))
        return [replace(row, named=tuple(named[row.id])) for row in rows]


def summarise(documents: Sequence[DrivingDocument], about: str = "") -> Drivers:
    """Return names, stories and events of an alert's documents.

    A name leads if a fifth of the documents, and two at least, have it; countries, places and currencies come after others, because texts
    name them beside what they are about. The events are those of the documents that name the lead, or of all where no name leads.

    Args:
        documents: of one alert.
        about: the entity that the alert is about, which leads in any case; empty: none.
    """
    leads = _leads(documents, about)
    telling = [row for row in documents if not leads or any(entity == leads[0].entity for entity, _, _ in row.named)]
    events = Counter(name for row in telling for name in row.event_names)
    stories = _stories(documents)
    return Drivers(
        documents=len(documents),
        stories=tuple(stories[:_STORIES]),
        story_count=len(stories),
        leads=tuple(leads[:_LEADS]),
        events=tuple(EventCount(name, count) for name, count in sorted(events.items(), key=lambda item: (-item[1], item[0]))),
        gravest=max((row.severity for row in documents if row.severity is not None), default=None),
    )


def _leads(documents: Sequence[DrivingDocument], about: str) -> list[Lead]:
    counts: Counter[tuple[str, EntityKind]] = Counter()
    names: dict[str, Counter[str]] = {}
    for row in documents:
        counts.update({(entity, kind) for entity, kind, _ in row.named})
        for entity, _, name in row.named:
            names.setdefault(entity, Counter())[name] += 1
    least = max(_LEAST_NAMED, _LEAD_SHARE * len(documents))
    found = [
        Lead(entity, kind, min(names[entity], key=lambda name: (-names[entity][name], name)), count)
        for (entity, kind), count in counts.items()
        if count >= least or entity == about
    ]
    return sorted(found, key=lambda lead: (lead.entity != about, lead.kind in _PLACES, -lead.documents, lead.entity))


def _stories(documents: Sequence[DrivingDocument]) -> list[DrivingStory]:
    """Return the stories that are stored, and what is in none yet by how alike the headlines are: the newest documents, or a backlog."""
    early = sorted(documents, key=lambda row: (row.published_at, row.id))
    known: dict[str, list[DrivingDocument]] = {}
    for row in early:
        if row.story_id:
            known.setdefault(row.story_id, []).append(row)
    unknown = [row for row in early if not row.story_id]
    groups = [*known.values(), *([unknown[place] for place in group] for group in group_headlines([row.title for row in unknown]))]
    stories = [_story(rows) for rows in groups]
    return sorted(stories, key=lambda story: (-story.documents - story.copies, -(story.severity or 0.0), story.first_at, story.id))


def _story(rows: Sequence[DrivingDocument]) -> DrivingStory:
    gravest = max(rows, key=lambda row: (row.severity or 0.0, row.p_negative))
    events = Counter(name for row in rows for name in row.event_names)
    return DrivingStory(
        id=gravest.id,
        title=gravest.title,
        url=gravest.url,
        source=gravest.source,
        first_at=rows[0].published_at,
        severity=gravest.severity,
        event_names=tuple(name for name, _ in sorted(events.items(), key=lambda item: (-item[1], item[0]))),
        documents=len(rows),
        copies=sum(row.copies for row in rows),
        story_id=rows[0].story_id,
    )
