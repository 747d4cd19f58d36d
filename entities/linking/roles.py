"""What each name does in a text: most are what it is about; some rate, tell, solicit, or are where something is traded."""

from __future__ import annotations

from collections.abc import Sequence

from squall.core.records import EntityKind
from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.evidence import Place, Surroundings, surroundings
from squall.entities.linking.folding import Folded, fold_name
from squall.entities.linking.link import Role

_RATES_WITHIN = 9
"""Words after a broker's verb within which a word of rating makes it a rating."""
_OBJECT_WITHIN = 24
"""Characters after a broker's verb within which the rated company's name begins."""
_HOUSE = (EntityKind.COMPANY, EntityKind.ORGANISATION)
_AND = frozenset({",", "and", "&", "/", ", and"})
_SIGNATURE_DASHES = "-–—|"


def roles(text: str, folded: Folded, found: Sequence[Candidate], positions: Sequence[tuple[int, int]]) -> list[Role]:
    """Return the role of each candidate's entity in the whole text.

    An entity is a subject where the text says something of its own of it ("shares", "profit"), or where none of its occurrences has
    another role before the first that has none.

    Args:
        text: as given.
        folded: the same, folded.
        found: the names that link, sorted by start.
        positions: of each in the folded text.
    """
    solicited = bool(found) and _solicits(folded.text)
    decided: dict[str, Role] = {}
    own: set[str] = set()
    previous: tuple[Role, int] | None = None
    for number, candidate in enumerate(found):
        begin, stop = positions[number]
        around = surroundings(Place(text, folded.text, candidate.start, candidate.end, begin, stop))
        name = folded.text[begin:stop]
        following = found[number + 1].start if number + 1 < len(found) else -1
        role = _role(text, name, candidate, around, following, previous, solicited)
        previous = (role, candidate.end)
        decided.setdefault(candidate.entity.id, role)
        if role is Role.SUBJECT and around.after[:1] and around.after[0] in vocabulary.STRONG_AFTER:
            own.add(candidate.entity.id)
    return [Role.SUBJECT if candidate.entity.id in own else decided[candidate.entity.id] for candidate in found]


def _role(
    text: str,
    name: str,
    candidate: Candidate,
    around: Surroundings,
    following: int,
    previous: tuple[Role, int] | None,
    solicited: bool,
) -> Role:
    kind = candidate.entity.kind
    if solicited:
        if name in vocabulary.LAW_FIRMS or name.endswith((" llp", " law firm", " law")):
            return Role.LAW_FIRM
        return Role.SOLICITATION if kind in _HOUSE else Role.SUBJECT
    if kind not in _HOUSE and kind not in {EntityKind.INDEX, EntityKind.OTHER}:
        return Role.SUBJECT
    names = (name, fold_name(candidate.entity.name))
    beside_rater = previous is not None and previous[0] is Role.RATER and text[previous[1] : candidate.start].strip() in _AND
    if any(each in vocabulary.BROKERS for each in names) and (beside_rater or _rates(text, candidate, around, following)):
        return Role.RATER
    if any(each in vocabulary.MEDIA for each in names) and _tells(text, candidate, around):
        return Role.AUTHOR
    if any(each in vocabulary.EXCHANGES for each in names) and _trades(around):
        return Role.EXCHANGE
    return Role.SUBJECT


def _solicits(folded: str) -> bool:
    if any(phrase in folded for phrase in vocabulary.SOLICITS_STRONGLY):
        return True
    weak = sum(phrase in folded for phrase in vocabulary.SOLICITS)
    return weak >= 2 and any(f" {firm} " in folded for firm in vocabulary.LAW_FIRMS)


def _rates(text: str, candidate: Candidate, around: Surroundings, following: int) -> bool:
    before, after = around.before, around.after
    verb = after[0] if after else ""
    if around.possessive or verb in vocabulary.ANALYSTS:
        return verb in vocabulary.ANALYSTS or any(word in vocabulary.ANALYSTS for word in after[:4])
    if verb in vocabulary.RATING_VERBS:
        if any(word in vocabulary.RATING_CONTEXT for word in after[1:_RATES_WITHIN]):
            return True
        if verb not in vocabulary.PLAIN_VERBS and 0 <= following - candidate.end <= len(verb) + _OBJECT_WITHIN:
            return True
    nearest = before[0] if before else ""
    if nearest in vocabulary.RATED_BY and any(word in vocabulary.RATED_VERBS for word in before[1:8]):
        return True
    if nearest == "to" and len(before) > 1 and before[1] == "according":
        return True
    return _signs(text, candidate)


def _tells(text: str, candidate: Candidate, around: Surroundings) -> bool:
    nearest = around.before[0] if around.before else ""
    following = around.after[0] if around.after else ""
    if nearest in vocabulary.AUTHOR_BEFORE or following in vocabulary.AUTHOR_AFTER:
        return True
    if nearest == "the" and len(around.before) > 1 and around.before[1] in vocabulary.AUTHOR_BEFORE | {"to"}:
        return True
    if nearest == "to" and len(around.before) > 1 and around.before[1] == "according":
        return True
    if text[candidate.end : candidate.end + 1] == ":" or text[candidate.end : candidate.end + 3] == ") -":
        return True
    return _signs(text, candidate)


def _signs(text: str, candidate: Candidate) -> bool:
    """Whether the name is what a text ends in, after a dash: "… - Reuters", a link aside."""
    gap = text[max(0, candidate.start - 3) : candidate.start].rstrip()
    if not gap or gap[-1] not in _SIGNATURE_DASHES:
        return False
    rest = text[candidate.end : candidate.end + 40].lstrip(" .…\r\n")
    return not rest or rest.startswith(("http", "#", "$"))


def _trades(around: Surroundings) -> bool:
    before = around.before
    nearest = before[0] if before else ""
    following = around.after[0] if around.after else ""
    if following in vocabulary.EXCHANGE_AFTER:
        return True
    return nearest == "on" or (nearest == "the" and len(before) > 1 and before[1] == "on")
