"""Cleaning and identity of texts: the same for every source and for the processor."""

from __future__ import annotations

import re

import xxhash

from squall.core.cleaning.signs import signs
from squall.core.headline_marks import without_prefixes, without_signature

MAX_TEXT_CHARS = 10_000
"""Longer texts are cut here; the model reads far less."""
MAX_TITLE_CHARS = 1_000

TERMINAL_SEQUENCE = r"(?:\x1b\[|\x9b(?=[0-9;]))[0-?]{0,64}+[ -/]{0,8}+[@-~]|\x1b\][^\x07\x1b\n]{0,2048}+(?:\x07|\x1b\\)|\x1b[()][0-9A-Z]"
"""Pattern of what colours a terminal's text, moves its cursor, sets its title or its characters (ECMA-48), as `ESC [31m` before a word."""
_TERMINAL = re.compile(TERMINAL_SEQUENCE)
_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_DIRECTION = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
_NAME_NOISE = dict.fromkeys((*range(0x80, 0x85), *range(0x86, 0xA0), *_DIRECTION))
"""C1 control characters and direction marks: in a name they can only deceive."""
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_LINK_OF_REVISION = re.compile(r"(?:[hH][tT][tT][pP][sS]?://|[wW][wW][wW]\.)\S+")
"""As migration 0011 has it for rows of earlier versions."""
_STORY_WORDS = 5
"""A title of this many words identifies a story; a shorter one may head many."""
_GROUP_WORDS = 24
_NOT_WORD = re.compile(r"[^\w%$]+")
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z]{1,5}(?:\.[A-Za-z]{1,2})?)(?![\w$])")


def clean(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Drop sequences for terminals, NUL, control characters and lone surrogates, strip, and cut to `limit` characters."""
    if len(text) <= limit and (text.isprintable() or not _UNCLEAN.search(text)):  # the usual case, and always when cleaned before
        return text.strip()
    text = text[: limit * 2]  # bounds the work on hostile lengths
    text = _CONTROL.sub(" ", _TERMINAL.sub("", _SURROGATES.sub("", text)))
    return text.strip()[:limit].rstrip()


def clean_name(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Return `text` as `clean` does, on one line and without direction marks: for names, which become parts of lines and headers."""
    if len(text) <= limit and text.isascii() and text.isprintable():  # the usual case
        return text.strip()
    cleaned = clean(text, limit)
    return cleaned if cleaned.isascii() and cleaned.isprintable() else " ".join(cleaned.translate(_NAME_NOISE).split())


def content(title: str, text: str) -> str:
    """Return what a model reads of a document: its title, then its text unless that repeats the title."""
    if not text or text.startswith(title):
        return text or title
    return f"{title}. {text}" if title else text


def gist(title: str, text: str) -> str:
    """Return what identifies a story: a title if it is long enough (agencies add bodies of their own), else title and text."""
    return title if len(normalise(title).split()) >= _STORY_WORDS else content(title, text)


def document_id(source: str, key: str) -> str:
    """Return the 128-bit hex identity of the item `key` (native id, link or content) of `source`."""
    return xxhash.xxh3_128_hexdigest(f"{source}\x1f{key}".encode("utf-8", "replace"))


def revision(title: str, text: str) -> int:
    """Return what tells versions of one document apart: 64-bit xxh3 of cleaned title and text without white space and links.

    Links are left out because many carry parameters that differ from one delivery to the next.
    """
    said = f"{title}\n{text}"
    if "://" in said or "." in said:
        said = _LINK_OF_REVISION.sub("", said)
    return xxhash.xxh3_64_intdigest("".join(said.split()).encode("utf-8", "replace"))


def version_id(first_id: str, revision: int) -> str:
    """Return the 128-bit hex identity of a later version, with this `revision`, of the document that was stored first as `first_id`."""
    return document_id(first_id, f"{revision:016x}")


def normalise(text: str) -> str:
    """Lower-case, without links, wire prefixes (`UPDATE 1-`, `RT @x:`), agency suffixes and punctuation.

    Copies of one story normalise to the same text; used for fingerprints and for splitting training data.
    """
    return _NOT_WORD.sub(" ", _told(text).lower()).strip()


def fingerprint(text: str) -> int:
    """Return the 64-bit near-duplicate group of `text`: xxh3 of its first 24 normalised words and of the signs that change their meaning.

    `+3.2%` and `−3.2%` differ, as do `>` and `<`, arrows and emoji (`squall.core.cleaning.signs`). A text without such signs has the
    fingerprint that every version gave it.
    """
    told = _told(text)
    return _group(text, told, _words(told))


def gist_fingerprint(title: str, text: str) -> int:
    """Return what `fingerprint` returns for the `gist` of a document, in half of the time."""
    told = _told(title)
    words = _words(told)
    return _group(title, told, words) if len(words) >= _STORY_WORDS else fingerprint(content(title, text))


def _group(text: str, told: str, words: list[str]) -> int:
    meaning = signs(told, _GROUP_WORDS)
    said = " ".join(words[:_GROUP_WORDS] or [text])
    return xxhash.xxh3_64_intdigest((f"{said}\x1f{meaning}" if meaning else said).encode("utf-8", "replace"))


def _words(told: str) -> list[str]:
    return _NOT_WORD.sub(" ", told.lower()).split()


def _told(text: str) -> str:
    """Return `text` without links, prefixes and signature."""
    lowered = text.lower()
    if "://" in lowered or "www." in lowered:  # the search for a link costs ten times as much
        text = _LINK.sub(" ", text)
    text = without_prefixes(text.strip())
    unsigned = without_signature(text)
    return unsigned if len(unsigned.split()) >= _STORY_WORDS else text  # `Stocks to watch - Ford` has no signature


def cashtags(text: str) -> tuple[str, ...]:
    """Return the distinct `$TICKER` symbols of `text`, upper-case, in order of appearance."""
    return tuple(dict.fromkeys(match.upper() for match in _CASHTAG.findall(text))) if "$" in text else ()
