"""Turns the schedule into drafts: who says it, in which words, and who copies it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from squall.core.records import GIST_WORDS
from squall.core.text import fingerprint, normalise
from squall.ingest.synthetic import schedule
from squall.ingest.synthetic.grammar import Company, Scene, load_phrases

_TRIES = 40
_COPIED = 0.085
_CRISIS_COPIED = 0.3
_NOISE = 0.038
_LONG_TEXTS = 8
_BODY = 0.55

_NEWS_SOURCES = (
    ("Meridian Wire", "mw", "meridian-wire.example"),
    ("Northgate Business", "ng", "northgate-business.example"),
    ("Tidewater Financial", "tf", "tidewater.example"),
    ("Corran Ledger", "cl", "corran-ledger.example"),
    ("Crossbridge Markets", "cm", "crossbridge.example"),
    ("PressLane", "pl", "presslane.example"),
)
_SOCIAL_SOURCES = (("chirrup", "ch", "chirrup.example"), ("marketpit", "mp", "marketpit.example"))
_WIRE_PREFIXES = ("UPDATE 1-", "UPDATE 2-", "RPT-", "RPT-UPDATE 1-", "CORRECTED-", "REFILE-", "WRAPUP 1-", "BREAKING - ")


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before it has an id; `url` has a place for it."""

    at: datetime
    story: int
    part: str
    topic: str
    sentiment: str
    kind: str
    source: str
    code: str
    author: str
    url: str
    title: str
    text: str
    language: str
    symbols: tuple[str, ...]

    @property
    def content(self) -> str:
        """What the model will read, as `squall.core.records.Document.content` joins it."""
        return f"{self.title}. {self.text}" if self.title and self.text else self.title or self.text

    @property
    def gist(self) -> str:
        """What tells its story from another, as `squall.core.records.Document.gist` does."""
        return self.title if len(normalise(self.title).split()) >= GIST_WORDS else self.content


class Writer:
    """Writes all drafts of a stream; no two originals share a fingerprint.

    Args:
        seed: same seed, same drafts.
        start: midnight UTC of the first day.
        days: days of ordinary text.
    """

    def __init__(self, seed: int, start: datetime, days: int) -> None:
        self._seed = seed
        self._start = start
        self._days = days
        self._phrases = load_phrases()
        self._seen: set[int] = set()
        self._stories = 0

    def drafts(self) -> Iterator[Draft]:
        """Yield every draft, copies included, unsorted."""
        # each part has a generator of its own, so that changing one leaves the others as they are
        rng = self._rng("copies")
        for part in (self._ordinary(), self._crisis(), self._surge(), self._noise()):
            for draft in part:
                yield draft
                yield from self._copies(rng, draft)

    def _rng(self, part: str) -> random.Random:
        return random.Random(f"{self._seed}:{part}")  # noqa: S311 - keeps no secret

    def _ordinary(self) -> Iterator[Draft]:
        rng = self._rng("ordinary")
        until = schedule.crisis(self._start).start
        for slot in sorted(schedule.ordinary(rng, self._start, self._days), key=lambda slot: slot.at):
            group = self._phrases.topics[slot.topic]
            companies = [c for c in self._phrases.companies if not group.sectors or c.sector in group.sectors]
            if slot.at < until and not group.sectors:
                companies.append(self._phrases.crisis_bank)  # an ordinary lender, until it is not
            social = rng.random() < group.social
            yield self._original(
                rng, slot, "ordinary", group.headlines[slot.sentiment], _some(rng, group.body), companies=companies, social=social
            )

    def _crisis(self) -> Iterator[Draft]:
        rng = self._rng("crisis")
        phrases = self._phrases
        lenders = [c for c in phrases.companies if c.sector == "bank"]
        topics, weights = list(phrases.crisis), list(phrases.crisis_weights.values())
        for at in sorted(schedule.crisis_times(rng, schedule.crisis(self._start))):
            slot = schedule.Slot(at, rng.choices(topics, weights)[0], "negative")
            body = _some(rng, phrases.crisis_body)
            yield self._original(
                rng,
                slot,
                "crisis",
                phrases.crisis[slot.topic],
                body,
                companies=lenders,
                lead=phrases.crisis_bank,
                social=rng.random() < 0.5,
            )

    def _surge(self) -> Iterator[Draft]:
        rng = self._rng("surge")
        group = self._phrases.surge
        for at in sorted(schedule.surge_times(rng, schedule.surge(self._start))):
            slot = schedule.Slot(at, "Company | Product News", "neutral")
            body = _some(rng, group.body)
            yield self._original(
                rng, slot, "surge", group.headlines["neutral"], body, companies=self._phrases.companies, social=rng.random() < 0.4
            )

    def _noise(self) -> Iterator[Draft]:
        rng = self._rng("noise")
        kinds = ("spam", "emoji_only", "foreign", "emptyish")
        for _ in range(round(schedule.DAILY * self._days * _NOISE)):
            kind = rng.choices(kinds, (3, 2, 3.5, 1.5))[0]
            yield self._noisy(rng, kind, self._moment(rng))
        for company in rng.sample(self._phrases.companies, _LONG_TEXTS):
            yield self._long(rng, company, self._moment(rng))

    def _moment(self, rng: random.Random) -> datetime:
        return self._start + timedelta(seconds=rng.uniform(0, self._days * 86_400))

    def _original(
        self,
        rng: random.Random,
        slot: schedule.Slot,
        part: str,
        templates: Sequence[str],
        body: Sequence[str],
        *,
        companies: Sequence[Company],
        lead: Company | None = None,
        social: bool,
    ) -> Draft:
        """Write one text nobody has written yet."""
        for _ in range(_TRIES):
            scene = Scene(rng, self._phrases, companies, lead)
            headline = scene.write(rng.choice(templates))
            if social:
                draft = self._post(rng, scene, slot, part, headline)
            else:
                draft = self._article(rng, slot, part, headline, " ".join(scene.write(sentence) for sentence in body))
                draft = replace(draft, symbols=scene.symbols)
            if self._is_new(draft):
                break
        return self._numbered(draft)

    def _is_new(self, draft: Draft) -> bool:
        mark = fingerprint(draft.gist)
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return True

    def _numbered(self, draft: Draft) -> Draft:
        self._stories += 1
        return replace(draft, story=self._stories)

    def _article(self, rng: random.Random, slot: schedule.Slot, part: str, title: str, text: str) -> Draft:
        source, code, domain = rng.choice(_NEWS_SOURCES)
        author = "" if rng.random() < 0.6 else f"{rng.choice(self._phrases.lists['first'])} {rng.choice(self._phrases.lists['last'])}"
        url = f"https://www.{domain}/{slot.at:%Y/%m/%d}/{{id}}"
        return Draft(slot.at, 0, part, slot.topic, slot.sentiment, "news", source, code, author, url, title, text, "en", ())

    def _post(self, rng: random.Random, scene: Scene, slot: schedule.Slot, part: str, headline: str) -> Draft:
        lists = self._phrases.lists
        pieces = [headline]
        if "$" not in headline and scene.symbols and rng.random() < 0.4:
            pieces[0] = f"${scene.symbols[0]} - {headline}"
        if rng.random() < 0.12:
            pieces.append(f"via @{rng.choice(lists['handle'])}")
        if rng.random() < 0.5:
            pieces.append(f"https://t.chirrup.example/{rng.getrandbits(40):010x}")
        if rng.random() < 0.25:
            pieces.append(" ".join(rng.sample(lists["social_tag"], rng.randrange(1, 4))))
        return self._said(rng, slot, part, " ".join(pieces), scene.symbols)

    def _said(self, rng: random.Random, slot: schedule.Slot, part: str, text: str, symbols: tuple[str, ...], language: str = "en") -> Draft:
        source, code, domain = rng.choice(_SOCIAL_SOURCES)
        author = rng.choice(self._phrases.lists["handle"])
        url = f"https://{domain}/{author}/{{id}}"
        return Draft(slot.at, 0, part, slot.topic, slot.sentiment, "social", source, code, author, url, "", text, language, symbols)

    def _noisy(self, rng: random.Random, kind: str, at: datetime) -> Draft:
        slot = schedule.Slot(at, "", "neutral")
        for _ in range(_TRIES):
            template = rng.choice(self._phrases.noise[kind])
            language, _, rest = template.partition("|") if kind == "foreign" else ("en", "", template)
            scene = Scene(rng, self._phrases, self._phrases.companies)
            draft = self._said(rng, slot, "noise", scene.write(rest), scene.symbols, language)
            if self._is_new(draft):
                break
        return self._numbered(draft)

    def _long(self, rng: random.Random, company: Company, at: datetime) -> Draft:
        """A text far beyond what is kept: a filing somebody pasted."""
        group = self._phrases.topics["Company | Product News"]
        title = Scene(rng, self._phrases, [company]).write("{co} publishes full text of annual report and exhibits")
        sentences = [
            Scene(rng, self._phrases, self._phrases.companies).write(rng.choice(group.body)) for _ in range(rng.randrange(400, 2_500))
        ]
        draft = self._article(rng, schedule.Slot(at, "", "neutral"), "noise", title, " ".join(sentences))
        self._is_new(draft)
        return self._numbered(draft)

    def _copies(self, rng: random.Random, draft: Draft) -> Iterator[Draft]:
        """Yield what others make of `draft` in the minutes and hours after it."""
        if draft.part == "noise" or rng.random() >= (_CRISIS_COPIED if draft.part == "crisis" else _COPIED):
            return
        for _ in range(rng.choices((1, 2, 3, 4), (55, 25, 14, 6))[0]):
            minutes = min(2 + rng.expovariate(1 / (9 if draft.part == "crisis" else 28)), 170)
            copy = _retold(rng, draft) if draft.kind == "social" else _syndicated(rng, draft)
            yield replace(copy, at=draft.at + timedelta(minutes=minutes))


def _some(rng: random.Random, sentences: Sequence[str]) -> list[str]:
    """Return no, one or two of `sentences`."""
    return rng.sample(sentences, rng.choice((1, 2))) if rng.random() < _BODY else []


def _syndicated(rng: random.Random, draft: Draft) -> Draft:
    """The article in another paper: a wire prefix, an agency's name behind it, other case or punctuation."""
    source, code, domain = rng.choice([s for s in _NEWS_SOURCES if s[0] != draft.source])
    title = draft.title
    way = rng.randrange(5 if not draft.text else 4)
    if way == 0:
        title = rng.choice(_WIRE_PREFIXES) + title
    elif way == 1:
        title = title.upper()
    elif way == 2:
        title = title.replace(", ", " - ") if " - " not in title else title.replace(" - ", ": ")
    elif way == 4:
        title = f"{title} - {draft.source}"  # only where nothing follows: a suffix is the end of a text
    url = f"https://www.{domain}/{draft.at:%Y/%m/%d}/{{id}}"
    copy = replace(draft, title=title, source=source, code=code, url=url, author="")
    # a new dash near the end of a headline could read as an agency's suffix
    return copy if fingerprint(copy.gist) == fingerprint(draft.gist) else replace(copy, title=draft.title)


def _retold(rng: random.Random, draft: Draft) -> Draft:
    handle = rng.choice([h for h in load_phrases().lists["handle"] if h != draft.author])
    url = f"https://{_SOCIAL_SOURCES[0][2]}/{handle}/{{id}}"
    text = f"RT @{draft.author}: {draft.text}" if rng.random() < 0.75 else draft.text
    return replace(draft, text=text, author=handle, source=_SOCIAL_SOURCES[0][0], code=_SOCIAL_SOURCES[0][1], url=url)
