"""Signs that change what the words and numbers beside them say: two headlines that differ in one of them are not copies."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

_OPERAND: Final = r"(?= ?[\w$€£¥₹+\-−.=])"
_SIGN: Final = re.compile(
    r"(?<!\w)[+\-−–‐‑±](?=[$€£¥₹]?\.?\d)"  # of a number; between words a dash only joins, between numbers it means to
    r"|(?<=\w)\+(?!\w)|(?<=\b[A-D])-(?!\w)|(?<=\b[A-C]{2})-(?!\w)|(?<=\b[A-C]{3})-(?!\w)"  # of a rating: `A+`, `BBB-`
    rf"|(?<=[\w%)])[<>]{_OPERAND}|(?<=[\w%)] )[<>]{_OPERAND}|[≤≥≠≈=~]"  # of a comparison
    r"|\((?=[$€£¥₹][\d.,]{1,20}[%‰]?\)|[\d,]{0,12}[.,]\d{1,9}[%‰]?\)|\d{1,9}[%‰]\))|(?<=[$€£¥₹])\((?=[\d.,]{1,20}\))"  # a loss: `$(0.05)`
    r"|(?<![\w.,])\.(?=\d)"  # `.5%` is not 5%
    r"|(?<!\S)[:;=]'?-?[()](?![\w(])"
    r"|!=|[€£¥₹‰]"
    r"|(?<=\w)\?(?![\w/])"
    r"|[\u2190-\u21ff\u25b2-\u25c5\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"  # arrows, triangles, emoji
)
_ANY: Final = re.compile(
    r"[+\-−–‐‑±<>≤≥≠≈=~(.:;€£¥₹‰?\u2190-\u21ff\u25b2-\u25c5\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"
)
"""Characters without which there is no sign: found in a tenth of the time."""
_CODE: Final = re.compile(r"<[A-Z0-9.=^]{1,12}>")
"""An agency's code of an instrument: its brackets compare nothing."""
_DASHES: Final = str.maketrans("−–‐‑", "----")
_WIDE: Final = str.maketrans("＋－＜＞＝～？￥￡＄（）％﹢﹣﹤﹥﹦", "+-<>=~?¥£$()%+-<>=")
"""The signs of Chinese and Japanese text, as wide as its characters."""
_WORD: Final = re.compile(r"[\w%$]+")


def signs(text: str, most_words: int) -> str:
    """Return the signs before and among the first `most_words` words of `text`, in order; empty if there are none.

    Signs are those of numbers (also the brackets of a loss, and a point that begins one), ratings, comparisons and currencies, a question
    mark behind a word, arrows, emoji and emoticons. Wide forms are the same signs. One that is repeated
    at once counts once.
    """
    if not text.isascii():
        text = text.translate(_WIDE)
    if not _ANY.search(text) or not _SIGN.search(text):
        return ""
    bare = _CODE.sub(" ", text)
    beyond = next(islice(_WORD.finditer(bare), most_words, None), None)
    end = beyond.start() if beyond else len(bare)
    found: list[str] = []
    last = -1
    for sign in _SIGN.finditer(bare, 0, end):
        if not (found and sign.start() == last and sign[0] == found[-1]):
            found.append(sign[0])
        last = sign.end()
    return "".join(found).translate(_DASHES)
