"""Two templates in one text: what is good for one organisation beside what is bad for another."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from squall.model.data.templates.template import Template

_LINKS = ("; ", "; ", ", ", ", ", " as ", " while ", " - ", ". ")
_LONGEST = 90
"""Characters of a template; two longer ones are no headline."""
_ALIKE_LEFT_OUT = 0.5
"""Of pairs with one tone: what differs teaches more."""
_LETTERS = "ABC"
_OWN = re.compile(r"\{(ticker:)?([ABC])\}")
_SLOT = re.compile(r"\{[^{}]*\}")
_BEGINS = re.compile(r"\{(?:ticker:)?[ABC]\}")


class JoinedTemplate(Template):
    """Two sentences in one text; the second has other organisations than the first.

    The text is as grave as the graver of both, and reports what both do; it has no tone where theirs differ.
    """

    parts: tuple[tuple[Template, Mapping[str, str]], ...]
    """Each template, and which of its slots stands for which of the text's."""

    def events_of(self, slot: str) -> tuple[str, ...]:
        """Return what happened to the organisation of `slot`."""
        for template, slots in self.parts:
            if slot in slots:
                return template.events_of(slots[slot])
        raise KeyError(slot)


def joined_templates(templates: Sequence[Template], number: int, rng: random.Random) -> list[JoinedTemplate]:
    """Return `number` pairs of `templates` with one to three organisations together, of which both have some; none where no two fit."""
    first = [it for it in templates if it.orgs and len(it.text) <= _LONGEST and it.text[-1] not in "?!…:"]
    second = [it for it in first if _BEGINS.match(it.text)]
    found: list[JoinedTemplate] = []
    for _ in range(20 * number if second else 0):
        if len(found) == number:
            break
        one, other = rng.choice(first), rng.choice(second)
        if one.tone == other.tone and rng.random() < _ALIKE_LEFT_OUT:
            continue
        if one is not other and len(one.orgs) + len(other.orgs) <= len(_LETTERS) and _capitals(one) == _capitals(other):
            found.append(_joined(one, other, rng.choice(_LINKS)))
    return found


def _capitals(template: Template) -> bool:
    return _SLOT.sub("", template.text).isupper()


def _joined(one: Template, other: Template, link: str) -> JoinedTemplate:
    free = [letter for letter in _LETTERS if letter not in one.orgs]
    renamed = dict(zip(other.orgs, free, strict=False))
    behind = _OWN.sub(lambda match: f"{{{match[1] or ''}{renamed[match[2]]}}}", other.text)
    return JoinedTemplate(
        text=one.text.rstrip(".") + link + behind,
        severity=max(one.severity, other.severity),
        events=tuple(dict.fromkeys((*one.events, *other.events))),
        tone=one.tone if one.tone == other.tone else None,
        orgs={**one.orgs, **{renamed[slot]: told for slot, told in other.orgs.items()}},
        parts=((one, {slot: slot for slot in one.orgs}), (other, {new: old for old, new in renamed.items()})),
    )
