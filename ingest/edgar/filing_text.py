"""What a filing says: the part of a full submission that a reader of news wants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from squall.core.cleaning.markup import plain

MOST_BYTES: Final = 2_000_000
"""So much of a submission is read: its first document is the form itself, and press releases follow it."""
MOST_CHARACTERS: Final = 4_000
"""Longer texts are cut at the end of a sentence."""
_DOCUMENT: Final = "<DOCUMENT>"
_TYPE: Final = re.compile(r"<TYPE>([^\r\n<]{1,40})")
_XBRL_HEADER: Final = ("<ix:header", "</ix:header>")
_ITEM: Final = re.compile(r"\bitem\s{0,3}([0-9]{1,2}\.[0-9]{2})\b", re.IGNORECASE)
_SIGNATURE: Final = re.compile(
    r"\bSIGNATURES?\b(?=.{0,40}(?i:pursuant))|(?i:\bpursuant to the requirements of the securities exchange act of 1934, )"
)
"""The block of signatures, not Signature Bank."""
_GAP: Final = r"(?:\s++|&nbsp;|&#160;|<[^<>]{0,300}+>)++"
_DISCUSSION: Final = re.compile(_GAP.join(["discussion", "and", "analysis", "of", "financial", "condition"]), re.IGNORECASE)
_DISCUSSION_MARKUP: Final = 150_000
_COVER_ENDS: Final = "13(a) of the Exchange Act"
"""Of the last sentence on the cover of an 8-K."""
_EXHIBITS: Final = "9.01"
_PERIODIC: Final = frozenset({"10-K", "10-Q", "20-F", "40-F"})
_RELEASE: Final = "EX-99"
_LONGEST_NAME: Final = 60
_NAME_BEGINS: Final = 12
"""Letters of an item's name that must agree: filers shorten the rest."""
_LEAST: Final = 40
"""Shorter texts say nothing."""


def filing_text(submission: bytes, form: str, items: Mapping[str, str]) -> str:
    """Return what a filing says, as plain text of at most `MOST_CHARACTERS`; empty where nothing can be read.

    Of a current report the reported items, without the cover page, the list of exhibits and the signatures; where they have no
    headings, what follows the cover. Of a report on a period the beginning of management's discussion; of others the form from its
    beginning. What is left of the room goes to the press release that is attached (exhibit 99), and all of it where the form is only a
    cover, as a 6-K is.

    Args:
        submission: its text file, or the beginning of it.
        form: as EDGAR names it.
        items: of an 8-K, the names of the reported items by number, as `1.03`.
    """
    base = form.removesuffix("/A")
    main = release = ""
    for kind, content in _documents(submission.decode("utf-8", "replace")):
        if not main and kind in {form, base}:
            main = _discussion(content) if base in _PERIODIC else _main_part(_plain(content), base, items)
        elif not release and kind.startswith(_RELEASE):
            release = _plain(content)
        if main and release:
            break
    if base == "6-K" and release:
        main = ""
    room = MOST_CHARACTERS - len(main) - 1
    parts = [_cut(main, MOST_CHARACTERS), _cut(release, room) if base not in _PERIODIC and room >= _LEAST else ""]
    return "\n".join(part for part in parts if len(part) >= _LEAST)


def _documents(text: str) -> Iterator[tuple[str, str]]:
    """Yield type and content of the documents of a submission, which stand one after the other; the last may be cut off."""
    at = text.find(_DOCUMENT)
    while at >= 0:
        following = text.find(_DOCUMENT, at + len(_DOCUMENT))
        whole = text[at : following if following >= 0 else len(text)]
        kind, begins = _TYPE.search(whole, 0, 200), whole.find("<TEXT>")
        if kind is not None and begins >= 0:
            ends = whole.find("</TEXT>", begins)
            yield kind[1].strip().upper(), whole[begins + len("<TEXT>") : ends if ends >= 0 else len(whole)]
        at = following


def _plain(content: str) -> str:
    """Return the text of a document; empty for pictures and the like, which are written in letters too."""
    if content.lstrip()[:6] == "begin ":
        return ""
    start = content.find(_XBRL_HEADER[0])
    if start >= 0 and (end := content.find(_XBRL_HEADER[1], start)) >= 0:
        content = content[:start] + content[end + len(_XBRL_HEADER[1]) :]
    return " ".join(plain(content).split())


def _discussion(content: str) -> str:
    """Return the beginning of management's discussion; where its heading stands twice, the first is in the table of contents."""
    found = list(islice(_DISCUSSION.finditer(content), 2))
    return _plain(content[found[-1].start() : found[-1].start() + _DISCUSSION_MARKUP]) if found else ""


def _main_part(text: str, form: str, items: Mapping[str, str]) -> str:
    begins, ends = 0, len(text)
    if form == "8-K":
        heads = _heads(text, items)
        if any(head[1] != _EXHIBITS for head in heads) or (heads and not items.keys() - {_EXHIBITS}):
            return _reported(text, heads)
        if _COVER_ENDS in text:
            begins = text.rfind(_COVER_ENDS) + len(_COVER_ENDS)
        ends = heads[-1].start() if heads else ends
    signed = _SIGNATURE.search(text, begins)
    return text[begins : min(ends, signed.start()) if signed else ends].lstrip(" .☐☒¨")


def _heads(text: str, items: Mapping[str, str]) -> list[re.Match[str]]:
    """Return the headings of the reported items of an 8-K, in their order."""
    found = [head for head in _ITEM.finditer(text) if not items or head[1] in items]
    named = [head for head in found if _is_heading(text[head.end() : head.end() + _LONGEST_NAME], items.get(head[1], ""))]
    known = {head[1] for head in named}
    return sorted((*named, *(head for head in found if head[1] not in known)), key=re.Match.start)


def _reported(text: str, heads: Sequence[re.Match[str]]) -> str:
    """Return the reported items of an 8-K one after the other."""
    parts = []
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        signed = _SIGNATURE.search(text, head.start(), end)
        if head[1] != _EXHIBITS:
            parts.append(text[head.start() : signed.start() if signed else end].strip())
        if signed:
            break
    return "\n".join(parts)


def _is_heading(following: str, name: str) -> bool:
    """Whether an item's number is followed by its name: another text may refer to it by number."""
    return following.lstrip(" .:-–—|").casefold().startswith(name.casefold()[:_NAME_BEGINS])


def _cut(text: str, most: int) -> str:
    """Return the beginning of `text` up to the end of the last sentence that fits."""
    text = text.strip()
    if len(text) <= most:
        return text
    end = max(text.rfind(stop, 0, most) for stop in (". ", "! ", "? ", "\n"))
    return text[: end + 1 if end >= most // 2 else most].strip()
