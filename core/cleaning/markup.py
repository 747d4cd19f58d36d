"""HTML → plain text: the one way in which the texts of every door (feeds, files, push, Kafka) lose their markup."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable
from html.entities import html5
from typing import Final

from squall.core.cleaning.character_references import without_halves
from squall.core.text import MAX_TEXT_CHARS, clean

_LONGEST_MARKUP: Final = 200_000
"""Longer markup is cut here before it is read; a document keeps far less."""

_SPACED_NAMES: Final = (
    "address article aside audio base blockquote body br button canvas caption center col colgroup dd details dialog dir div "
    "dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe "
    "img input legend li link main map menu meta meter nav noframes noscript object ol optgroup option output p param picture "
    "pre progress script search section select source style summary svg table tbody td template textarea tfoot th thead title "
    "tr track ul video area"
)
_SPACED: Final = frozenset(_SPACED_NAMES.split())
"""Elements that part words: blocks, and what is drawn in their place."""
_INLINE_NAMES: Final = (
    "a abbr acronym b bdi bdo big blink cite code data del dfn em font i ins kbd label mark marquee nobr q rb rp rt rtc ruby "
    "s samp small span strike strong sub sup time tt u var wbr"
)
_INLINE: Final = frozenset(_INLINE_NAMES.split())
"""Elements within words: `<b>Net</b>flix`."""
_USUAL_TAGS: Final = {
    tag: space
    for names, space in ((_INLINE, ""), (_SPACED, " "))
    for name in names
    for tag in (f"<{name}>", f"</{name}>", f"<{name}/>", f"<{name} />")
}
"""Tags without attributes, and what stands for each: most tags."""
_PARTS: Final = {
    "dd": ("<dl", "<dt"),
    "dt": ("<dl", "<dd"),
    "li": ("<ul", "<ol", "<menu"),
    "td": ("<table", "<tr", "<th>", "<td "),
    "th": ("<table", "<tr"),
    "tr": ("<table", "<tbody", "<td"),
}
"""Elements within others, which may lack an end tag, and what stands with them: without any of it `<TD>` is a ticker."""
_SWITCHES_NAMES: Final = (
    "allowfullscreen async autofocus autoplay checked clear compact controls default defer disabled hidden inert ismap "
    "itemscope loop multiple muted nohref noresize noshade novalidate nowrap open readonly required reversed selected"
)
_SWITCHES: Final = frozenset(_SWITCHES_NAMES.split())
"""Attributes that have no value. `<b and c>` has none of them, and is no tag."""

_HIDDEN: Final = re.compile(r"<(script|style|svg)(?=[\s/>])", re.IGNORECASE)
_HIDDEN_END: Final = {name: re.compile(rf"</{name}\s*+>", re.IGNORECASE) for name in ("script", "style", "svg")}
_VALUE: Final = """"[^"<]*+(?:<[^"<]*+){0,4}+"|'[^'<]*+(?:<[^'<]*+){0,4}+'"""
_TAG: Final = re.compile(
    # counted repeats bound what one `<` can read ahead, so that the time is linear
    rf"""<(/?+)([A-Za-z][A-Za-z0-9]*+(?:[:-][A-Za-z0-9][A-Za-z0-9:-]*+)?+)((?:[^<>"'=]++|=\s*+(?:{_VALUE})?+|["']){{0,100}}+)>"""
    r"|<!\[CDATA\[|\]\]>|<![A-Za-z][^<>]*+>|<\?[^<>]*+>"
)
_CUT_OFF: Final = re.compile(rf"<([A-Za-z][A-Za-z0-9]*+)\s(?:[^<>\"'=]++|=\s*+(?:{_VALUE})?+|[\"'])*+\Z")
"""A tag that the source has cut off at the end of the text."""
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,9}|#[xX][0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});")
_INVISIBLE: Final = dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF))
"""Soft hyphens and spaces without width: places where a line may break, within words too."""
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_GAPS: Final = re.compile(r"\n{3,}")


def plain(markup: str) -> str:
    """Return `markup` as the text that a reader sees. Linear in time.

    Tags within words vanish, others become a space; what is no tag stays, as in `Ford <F.N>` and `a < b`. Comments, scripts and style
    sheets go. Entities are decoded once; an ampersand that begins none stays. White space is collapsed; the lines of a text without tags
    stay lines.
    """
    text = markup[:_LONGEST_MARKUP]
    tagged = False
    if "<" in text:
        bare = without_tags(without_hidden(text))
        tagged, text = bare != text, bare
    if "&" in text:
        text = _ENTITY.sub(_decoded, without_halves(text))
    return _spaced(text, lines=not tagged)


def readable(markup: str) -> str:
    """Return what `plain` does, without control characters and cut as `squall.core.text.clean` does."""
    if not ("<" in markup or "&" in markup) and markup.isprintable() and "  " not in markup and len(markup) <= MAX_TEXT_CHARS:  # usual
        return markup.strip()
    return clean(plain(markup))


def fullest(candidates: Iterable[str]) -> str:
    """Return the one of several texts for one thing that says most without its markup and links; of equal ones the first."""
    found = [candidate for candidate in candidates if candidate]
    return max(found, key=lambda text: len(_LINK.sub("", plain(text))), default="") if len(found) > 1 else "".join(found)


def without_hidden(markup: str) -> str:
    """Return `markup` without comments, and with a space for each script, style sheet and drawing.

    A script or style sheet without an end reaches to the end of the text; a comment or drawing without an end is none.
    """
    if "<!--" not in markup and not _HIDDEN.search(markup):  # the usual case
        return markup
    parts: list[str] = []
    done = at = 0
    while (start := markup.find("<!--", at)) >= 0:
        end = markup.find("-->", start + 4)
        if end < 0:
            break
        parts.append(markup[done:start])
        done = at = end + 3
    markup = "".join((*parts, markup[done:]))
    parts, done = [], 0
    endless: set[str] = set()
    while (hidden := _HIDDEN.search(markup, done)) is not None:
        name = hidden[1].lower()
        ended = None if name in endless else _HIDDEN_END[name].search(markup, hidden.end())
        if ended is None and name == "svg":
            endless.add(name)  # none of the others has an end either: they are not searched again
            parts.append(markup[done : hidden.end()])
            done = hidden.end()
            continue
        parts += (markup[done : hidden.start()], " ")
        done = ended.end() if ended else len(markup)
    return "".join((*parts, markup[done:]))


def without_tags(markup: str) -> str:
    """Return `markup` without its tags: nothing for those within words, a space for others."""
    tickers: dict[str, frozenset[int]] = {}

    def replaced(tag: re.Match[str]) -> str:
        usual = _USUAL_TAGS.get(tag[0])
        if usual is not None:
            return usual
        name, rest = tag[2], tag[3]
        if name is None:  # a declaration, or an end of CDATA
            return "" if tag[0] in {"<![CDATA[", "]]>"} else " "
        space = _space_of(name)
        if space is None or not (tag[1] or _are_attributes(rest)):
            return tag[0]
        if _may_be_ticker(tag):
            if name not in tickers:
                tickers[name] = _tickers(markup, name)
            if tag.start() in tickers[name]:
                return tag[0]
        return space

    text = _TAG.sub(replaced, markup)
    start = text.rfind("<")
    cut_off = _CUT_OFF.match(text, start) if start >= 0 and "=" in text[start:] else None
    return text[:start] if cut_off and _space_of(cut_off[1]) is not None else text


def _may_be_ticker(tag: re.Match[str]) -> bool:
    """Whether a tag may be a ticker: in capitals, without attributes, of an element that has an end or is part of another."""
    name, lower = tag[2], tag[2].lower()
    return not tag[1] and name.isupper() and not tag[3].strip(" /") and (lower in _PARTS or (lower in _INLINE and lower != "wbr"))


def _tickers(markup: str, name: str) -> frozenset[int]:
    """Return where `<NAME>` is a ticker, as in `Agilent <A>`: no end tag belongs to it, nor is it part of another element.

    An end tag belongs to a start tag that is written in the same case, of those first to one that can't be a ticker.
    """
    lower = name.lower()
    if any(beginning in markup.lower() for beginning in _PARTS.get(lower, ())):
        return frozenset()
    opened: dict[tuple[bool, bool], list[int]] = defaultdict(list)
    for tag in _TAG.finditer(markup):
        if tag[2] is None or tag[2].lower() != lower:
            continue
        capitals = tag[2].isupper()
        if not tag[1]:
            opened[capitals, _may_be_ticker(tag)].append(tag.start())
            continue
        for kind in ((capitals, False), (capitals, True), (not capitals, False), (not capitals, True)):
            if opened[kind]:
                opened[kind].pop()
                break
    return frozenset(opened[True, True])


def _space_of(name: str) -> str | None:
    """Return what stands for a tag of this name; None where it is no name of a tag."""
    lower = name.lower()
    if lower in _INLINE:
        return ""
    if lower in _SPACED:
        return " "
    return "" if name == lower and (":" in name or "-" in name) else None  # `<o:p>`, `<my-widget>`


def _are_attributes(rest: str) -> bool:
    """Whether `rest` may stand between the name of a tag and its end."""
    if not rest or rest == "/":
        return True
    return rest[0] in " \t\r\n\f/" and ("=" in rest or all(word.lower() in _SWITCHES for word in rest.replace("/", " ").split()))


def _decoded(entity: re.Match[str]) -> str:
    found = entity[0]
    return html.unescape(found) if found[1] == "#" else html5.get(found[1:], found)


def _spaced(text: str, *, lines: bool) -> str:
    if "  " not in text and text.isprintable():  # the usual case
        return text.strip()
    text = clean(text.translate(_INVISIBLE), _LONGEST_MARKUP)
    if not lines or "\n" not in text.strip():
        return " ".join(text.split())
    return _GAPS.sub("\n\n", "\n".join(" ".join(line.split()) for line in text.strip().splitlines()))
