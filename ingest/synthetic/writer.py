"""Turns the schedule into drafts: who publishes which text, and who copies it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from squall.core.text import fingerprint
from squall.ingest.synthetic import schedule
from squall.ingest.synthetic.copies import copies
from squall.ingest.synthetic.drafts import NEWS_SOURCES, SOCIAL_SOURCES, Draft
from squall.ingest.synthetic.grammar import Scene
from squall.ingest.synthetic.phrases import Company, load_phrases

_TRIES = 40
_NOISE = 0.038
_LONG_TEXTS = 8
_BODY = 0.55


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
                yield from copies(rng, draft)

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
        """Write one text that does not repeat an earlier one."""
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
        source, code, domain = rng.choice(NEWS_SOURCES)
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
        return self._by_account(rng, slot, part, " ".join(pieces), scene.symbols)

    def _by_account(
        self, rng: random.Random, slot: schedule.Slot, part: str, text: str, symbols: tuple[str, ...], language: str = "en"
    ) -> Draft:
        source, code, domain = rng.choice(SOCIAL_SOURCES)
        author = rng.choice(self._phrases.lists["handle"])
        url = f"https://{domain}/{author}/{{id}}"
        return Draft(slot.at, 0, part, slot.topic, slot.sentiment, "social", source, code, author, url, "", text, language, symbols)

    def _noisy(self, rng: random.Random, kind: str, at: datetime) -> Draft:
        slot = schedule.Slot(at, "", "neutral")
        for _ in range(_TRIES):
            template = rng.choice(self._phrases.noise[kind])
            language, _, rest = template.partition("|") if kind == "foreign" else ("en", "", template)
            scene = Scene(rng, self._phrases, self._phrases.companies)
            draft = self._by_account(rng, slot, "noise", scene.write(rest), scene.symbols, language)
            if self._is_new(draft):
                break
        return self._numbered(draft)

    def _long(self, rng: random.Random, company: Company, at: datetime) -> Draft:
        """A text far longer than the limit: a pasted filing."""
        group = self._phrases.topics["Company | Product News"]
        title = Scene(rng, self._phrases, [company]).write("{co} publishes full text of annual report and exhibits")
        sentences = [
            Scene(rng, self._phrases, self._phrases.companies).write(rng.choice(group.body)) for _ in range(rng.randrange(400, 2_500))
        ]
        draft = self._article(rng, schedule.Slot(at, "", "neutral"), "noise", title, " ".join(sentences))
        self._is_new(draft)
        return self._numbered(draft)


def _some(rng: random.Random, sentences: Sequence[str]) -> list[str]:
    """Return no, one or two of `sentences`."""
    return rng.sample(sentences, rng.choice((1, 2))) if rng.random() < _BODY else []
