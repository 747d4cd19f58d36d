"""Writing systems that do not put a space between words: where a word ends in them.

Chinese characters, hiragana, Thai, Lao, Khmer and Burmese letters are words of their own here, because only a dictionary could tell where
their words end: a name matches wherever its characters stand, also within a longer word. Runs of katakana and of Hangul are words, whatever
stands beside them: "トヨタ自動車" has "トヨタ" in it, "ホンダ" is not in "アホンダラ". Korean particles are taken off the end of a run of
Hangul: "삼성전자가" is "삼성전자" and "가".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SINGLE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # hiragana, Chinese characters
)
_FIRST = "\u0e00"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HANGUL = "\uac00-\ud7a3"
_PARTICLES = "에서|에게|으로|부터|까지|보다|처럼|은|는|이|가|을|를|의|에|와|과|도|로|만|측"
_UNSPACED = re.compile(f"[{_SINGLE}{_KATAKANA}{_HANGUL}]")
_WORD = r"[^\W_]"
_BOUNDARY = re.compile(
    f"(?<=[{_SINGLE}])(?={_WORD})|(?<={_WORD})(?=[{_SINGLE}])"
    f"|(?<=[{_SINGLE}]\0)(?={_WORD})|(?<=[{_SINGLE}]\0\0)(?={_WORD})"  # Thai letters with marks, which folding leaves as NUL until later
    f"|(?<=[{_KATAKANA}])(?=[^\\W_{_KATAKANA}])|(?<=[^\\W_{_KATAKANA}])(?=[{_KATAKANA}])"
    f"|(?<=[{_HANGUL}])(?=[^\\W_{_HANGUL}])|(?<=[^\\W_{_HANGUL}])(?=[{_HANGUL}])"
    f"|(?<=[{_HANGUL}]{{2}})(?=(?:{_PARTICLES}){{1,2}}(?![{_HANGUL}]))"
)


def boundaries(folded: str) -> Iterator[int]:
    """Yield the positions within a folded text at which a word ends and another begins without a space; linear in the text."""
    if not folded.isascii() and max(folded) >= _FIRST and _UNSPACED.search(folded):
        for match in _BOUNDARY.finditer(folded):
            yield match.start()


def is_syllabic(character: str) -> bool:
    """Whether a character is a syllable or a word rather than a letter: two of them are a name as long as "Apple"."""
    return character >= "\u3041" and _UNSPACED.match(character) is not None


def is_caseless(character: str) -> bool:
    """Whether it is a letter of a script without capitals: Hebrew, Arabic, Chinese."""
    return character.isalpha() and character.lower() == character.upper()
