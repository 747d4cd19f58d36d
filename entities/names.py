"""Forms of a name: the key under which forms are equal, the slug in an id, and the short forms that follow by rule."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MOST_NAME_CHARS = 200
"""Longer names are cut; none is so long."""
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "&": " and ", "+": " and ", "_": " "}
    | dict.fromkeys("'’‘`´ʼ", "")
)
_INITIAL = re.compile(r"\b(\w)\.(?=\w\b)")
_NOT_WORD = re.compile(r"[^\w]+")


def name_key(text: str) -> str:
    """Return what forms of one name have in common: lower case, no accents, no punctuation, `&` as "and", "J.P." as "jp".

    Idempotent, linear in the text, which is cut at `MOST_NAME_CHARS`. Empty when the text holds neither letter nor digit.
    """
    text = text[:MOST_NAME_CHARS]
    if text.isascii():
        if text.replace(" ", "").isalnum():  # the usual case, at a fifth of the cost
            return " ".join(text.lower().split())
    else:
        text = _plain(text)
    text = text.casefold().translate(_LETTERS)
    return " ".join(_NOT_WORD.sub(" ", _INITIAL.sub(r"\1", text)).split())


def _plain(text: str) -> str:
    """Without accents and compatibility forms; twice, because a folded letter can decompose again."""
    for _ in range(2):
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)).casefold()
    return text


def slug(text: str) -> str:
    """Return the part of an id after the colon: "Apple Inc." is `apple-inc`."""
    return name_key(text).replace(" ", "-")


def legal_short_form(name: str) -> str:
    """Return `name` without its legal form ("Apple Inc.", "PT Astra International Tbk"); itself where at most a letter would be left."""
    words = [word for word in name[:MOST_NAME_CHARS].replace(",", ", ").split() if not _is_state_mark(word)]
    words = _without(words, _LEGAL_ENDINGS, _LEGAL_BEGINNINGS)
    short = " ".join(words).rstrip(" ,;&-/")
    return short if len(name_key(short)) > 1 else name


def is_legal_form(name: str) -> bool:
    """Whether `name` is made of nothing but legal forms and what is left out beside them: "Inc.", "Holdings plc", "Group"."""
    words = name_key(name).split()
    return bool(words) and all(word in _ALONE_NO_NAME for word in words)


def short_forms(name: str) -> tuple[str, ...]:
    """Return the shorter forms of a company's name that follow by rule, longest first, without `name`.

    Legal forms go first ("Apple Inc." → "Apple"), then what people leave out as well ("Alibaba Group Holding Limited" → "Alibaba Group" →
    "Alibaba"). No form is empty, a single letter, or ends in a word that wants another ("Bank of").
    """
    legal = legal_short_form(name)
    return tuple(dict.fromkeys(form for form in (legal, *_descending(legal)) if form != name))


def _descending(name: str) -> Iterator[str]:
    words = name.split()
    while True:
        shorter = _strip_ending(words, _OMITTED_ENDINGS)
        if shorter == words:
            return
        words = _without(shorter, _LEGAL_ENDINGS, frozenset())
        yield " ".join(words).rstrip(" ,;&-/")


def _without(words: list[str], endings: frozenset[str], beginnings: frozenset[str]) -> list[str]:
    while True:
        shorter = _strip_ending(words, endings)
        if len(shorter) > 1 and name_key(shorter[0]) in beginnings and _stands_alone(shorter[1:]):
            shorter = shorter[1:]
        if shorter == words:
            return words
        words = shorter


def _strip_ending(words: list[str], endings: frozenset[str]) -> list[str]:
    """`words` without the longest ending that is in `endings`, unchanged where too little would be left."""
    for count in range(min(_MOST_ENDING_WORDS, len(words) - 1), 0, -1):
        if name_key(" ".join(words[-count:])) in endings and _stands_alone(words[:-count]):
            return words[:-count]
    return words


def _stands_alone(words: list[str]) -> bool:
    key = name_key(" ".join(words))
    return len(key) > 1 and key.rpartition(" ")[2] not in _WANTS_ANOTHER and key not in _LEGAL_ENDINGS and key != "the"


def _is_state_mark(word: str) -> bool:
    """The SEC's marks of the state of incorporation: `/DE/`, `/NEW/`."""
    return len(word) > 2 and word[0] in "/\\" and word[-1] in "/\\"


def _parts(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split("|"))


_MOST_ENDING_WORDS = 6
_WANTS_ANOTHER = frozenset(("of", "the", "for", "and", "de", "du", "des", "del", "di", "da", "von", "to", "in", "et", "e", "y", "und"))
_LEGAL_BEGINNINGS = frozenset(("pt", "ab", "pjsc", "ojsc", "oao", "pao", "jsc", "the"))
_LEGAL_ENDINGS = _parts(
    """
    ab | adr | ads | ag | aktiengesellschaft | and | aps | as | asa | berhad | bhd | bv | co | companies | company | corp |
    corporation | cos | ehf | gmbh | hf | inc | incorporated | jsc | kg | kgaa | kk | limited | llc | llp | lp | ltd | ltda | new | nv
    | oao | ojsc | oy | oyj | pao | pcl | pjsc | plc | pty | publ | public | sa | saa | sab | sae | sca | scpa | se | sgps | sirketi |
    spa | srl | tao | tas | tbk | the | a b | a o | a s | adr sa | and co | and company | and cos | anonim sirketi | as a | b v |
    class a | class b | class c | common stock | de cv | depositary receipts | kabushiki kaisha | l p | n v | ordinary shares |
    pty ltd | public company | registered shares | s a | sa nv | sdn bhd | sociedad anonima | societe anonyme | spolka akcyjna |
    sponsored adr | and co kgaa | bank spolka akcyjna | co ltd adr | de c v | joint stock company | l l c | public company limited |
    public limited company | s a a | s p a | sa de cv | sab de cv | t a s | ag and co kgaa | gmbh and co kgaa | se and co kgaa |
    s a b de c v
    """
)
_OMITTED_ENDINGS = _parts("group | holding | holdings | holding co | group holding | group holdings | international holdings")
_ALONE_NO_NAME = _LEGAL_BEGINNINGS | frozenset(word for ending in _LEGAL_ENDINGS | _OMITTED_ENDINGS for word in ending.split())
