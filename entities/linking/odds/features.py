"""What is known of an ordinary word where it stands, as numbers: its letters, its neighbours, the company, the network."""

from __future__ import annotations

from typing import Final

from squall.entities.entity import Entity
from squall.entities.linking.evidence import Evidence
from squall.entities.linking.forms.table import Form
from squall.entities.linking.network_spans import NetworkSays
from squall.entities.linking.odds.usage import beside_points, log_small
from squall.entities.linking.owners import entity_points
from squall.entities.linking.place import Casing, Place, begins_sentence, casing

TEXT_FEATURES: Final = (
    *("letters", "context", "rest", "company", "size", "derived", "acronym", "several words", "small", "beside"),
    *("capital", "capital in sentence", "begins", "in title case", "in lower case", "capital before", "capital after", "hyphen", "tagged"),
)
NETWORK_FEATURES: Final = ("organisation", "begins one", "goes on", "person", "place", "unmarked", "longer", "others")
_LEAST = -8.0
_MEDIUM = 4
_MOST_OTHERS = 3
_HYPHENS = frozenset("-‐‑–")


def text_features(form: Form, entity: Entity, place: Place, evidence: Evidence, tagged: bool) -> list[float]:
    """Return the numbers called `TEXT_FEATURES`.

    Args:
        form: that stands at `place`.
        entity: the company that it would mean.
        place: where.
        evidence: what the rules say of it.
        tagged: whether a ticker in the text or of the document is the company's.
    """
    text, start, end = place.text, place.start, place.end
    how = casing(text, start, end)
    begins = begins_sentence(text, start)
    capital = text[start].isupper()
    return [
        evidence.letters,
        evidence.context,
        max(_LEAST, evidence.rest),
        entity_points(entity, form, place, frozenset()),
        float((entity.size or 1) - _MEDIUM),
        float(form.derived),
        float(form.acronym),
        float(form.words > 1),
        log_small(form.text),
        beside_points(place),
        float(capital),
        float(capital and how is Casing.SENTENCE and not begins),
        float(begins),
        float(how is Casing.TITLE),
        float(how is Casing.LOWER),
        float(how is not Casing.UPPER and place.capital_before),
        float(how is not Casing.UPPER and text[end : end + 1] == " " and text[end + 1 : end + 2].isupper()),
        float(text[start - 1 : start] in _HYPHENS or text[end : end + 1] in _HYPHENS),
        float(tagged),
    ]


def network_features(said: NetworkSays) -> list[float]:
    """Return the numbers called `NETWORK_FEATURES`."""
    return [
        said.organisation,
        said.begins,
        said.goes_on,
        float(said.label == "PER"),
        float(said.label == "LOC"),
        float(said.label is None),
        float(said.longer),
        float(min(said.others, _MOST_OTHERS)),
    ]
