"""Severity and events of a document in a few words, as mails and the command line write them."""

from __future__ import annotations

from collections.abc import Iterable

from squall.core.gravity.event_kinds import event_label
from squall.core.gravity.severities import GRADES, severity_word


def gravity_words(severity: float | None, events: Iterable[str]) -> str:
    """Return for example "grave: accident or disaster, strike or unrest"; empty where nothing adverse is known.

    Args:
        severity: in [0, 1]; None: not known.
        events: their names.
    """
    word = "" if severity is None or severity_word(severity) == GRADES[0].word else severity_word(severity)
    return ": ".join(filter(None, (word, ", ".join(map(event_label, events)))))
