"""How a text file is written: its encoding and its line ends, found from its beginning."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from typing import BinaryIO, Final

from charset_normalizer import from_bytes

from squall.core.cleaning.foreign_json import decode_utf8
from squall.core.errors import InvalidRecordError

UTF_8: Final = "utf-8"
_MARKS: Final = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LATIN: Final = ("cp1252", "cp1250", "cp1254")
"""Of the alphabets with accents, most used first."""
_MAC: Final = "mac_roman"
"""Of files whose lines end with CR alone, as both come from old programs for the Mac."""
_OTHERS: Final = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr")
_LEAST_OTHER: Final = 6
"""So many letters of another script make it believable; fewer are accents or currency signs in Latin text."""
SAMPLE_BYTES: Final = 262_144
"""How much of a file its form is found from."""
_GUESSED_BYTES: Final = 16_384
_WIDE_BYTES: Final = 64
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class TextForm:
    """How a file is written.

    Args:
        encoding: of its characters.
        guessed: whether the encoding was guessed: nothing in the file says it.
        carriage_returns: its lines end with CR alone, as Excel for Mac writes them.
    """

    encoding: str = UTF_8
    guessed: bool = False
    carriage_returns: bool = False

    @property
    def line_encoding(self) -> str:
        """The encoding of the lines of `lines_of`."""
        return self.encoding if is_ascii_compatible(self.encoding) else UTF_8

    def lines_of(self, content: BinaryIO) -> BinaryIO:
        """Return `content` with LF at the ends of its lines, in an encoding in which LF is one byte."""
        if self.line_encoding == self.encoding and not self.carriage_returns:
            return content
        return io.BufferedReader(_Rewritten(content, self))

    def __str__(self) -> str:
        ends = ", lines ending in CR" if self.carriage_returns else ""
        return f"{self.encoding}{' (guessed)' if self.guessed else ''}{ends}"


def text_form(sample: bytes, encoding: str) -> TextForm:
    """Return how a file is written.

    Args:
        sample: its beginning.
        encoding: its encoding where that is known; empty: it is found.
    """
    found, guessed = (encoding, False) if encoding else _encoding(sample)
    text = sample.decode(found, "replace")
    return TextForm(found, guessed, "\r" in text and "\n" not in text)


def is_ascii_compatible(encoding: str) -> bool:
    """Return whether lines can be split before they are decoded; raises LookupError for an unknown encoding."""
    return "{\n,\r".encode(encoding) == b"{\n,\r"


def _encoding(sample: bytes) -> tuple[str, bool]:
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name, False
    wide = _wide(sample[:_WIDE_BYTES])
    if wide:
        return wide, True
    foreign = _not_utf8(sample)
    latin = (*_LATIN, _MAC) if b"\r" in sample and b"\n" not in sample else _LATIN
    return (_guessed(foreign, latin), True) if foreign else (UTF_8, False)


def _wide(start: bytes) -> str:
    """Return the kind of UTF-16 whose mark is missing: every second byte of a header is zero."""
    half = len(start) // 2
    if half >= 4 and start[1::2].count(0) == half and 0 not in start[::2]:
        return "utf-16-le"
    if half >= 4 and start[: 2 * half : 2].count(0) == half and 0 not in start[1::2]:
        return "utf-16-be"
    return ""


def _not_utf8(sample: bytes) -> bytes:
    """Return the lines that are not UTF-8; nothing where at least as many are UTF-8 beyond ASCII, or where they are no text at all."""
    whole = sample if len(sample) < SAMPLE_BYTES else sample[: sample.rfind(b"\n") + 1] or sample
    lines = [line for line in whole.splitlines() if not line.isascii()]
    foreign = [line for line in lines if not _is_utf8(line)]
    if 2 * len(foreign) <= len(lines) or any(byte < 9 for line in foreign for byte in line):
        return b""
    return b"\n".join(foreign)[:_GUESSED_BYTES]


def _is_utf8(line: bytes) -> bool:
    try:
        decode_utf8(line)
    except InvalidRecordError:
        return False
    return True


def _guessed(lines: bytes, latin: tuple[str, ...]) -> str:
    for match in from_bytes(lines, cp_isolation=[*_LATIN, *_OTHERS]):  # most likely first
        if match.encoding in _LATIN:
            break
        if _is_other_script(str(match)):
            return match.encoding
    return min(latin, key=lambda name: _strangers_in_words(lines.decode(name, "replace")))


def _is_other_script(text: str) -> bool:
    """Whether enough letters are of another script, and few half-width kana: every byte of accented letters is one in Shift JIS."""
    letters = sum(c.isalpha() and c > "\u024f" for c in text)
    return letters >= _LEAST_OTHER and 4 * sum("\uff61" <= c <= "\uff9f" for c in text) < letters


def _strangers_in_words(text: str) -> int:
    """Return how often a sign stands between letters, or a capital between small ones: what letters become in the wrong encoding."""
    triples = zip(text, text[1:], text[2:], strict=False)
    return sum(
        middle > "\x7f"
        and (
            (not middle.isalpha() and middle not in "’‘" and a.isalpha() and b.isalpha())
            or (middle.isupper() and a.islower() and b.islower())
        )
        for a, middle, b in triples
    )


class _Rewritten(io.RawIOBase):
    """The bytes of a file, its lines ending in LF, as UTF-8 where its encoding has no single bytes for ASCII."""

    def __init__(self, content: BinaryIO, form: TextForm) -> None:
        self._content = content
        self._returns = form.carriage_returns
        wide = form.line_encoding != form.encoding
        self._decoder = codecs.getincrementaldecoder(form.encoding)("replace") if wide else None
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            chunk = self._content.read(_CHUNK)
            self._ready = self._rewritten(chunk)
            if not chunk:
                break
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def close(self) -> None:
        self._content.close()
        super().close()

    def _rewritten(self, chunk: bytes) -> bytes:
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk, final=not chunk).encode("utf-8", "replace")
        return chunk.replace(b"\r", b"\n") if self._returns else chunk
