from __future__ import annotations

import pytest

from squall.ingest.rss.entry_split import split_feed

HEAD, TAIL = b"<?xml version='1.0' encoding='utf-8'?>\n<rss><channel><title>items</title>", b"</channel></rss>"


@pytest.mark.parametrize(
    "entries",
    [
        [b"<item><title>1</title></item>\n", b"<item a='b'>2</item>"],
        [b"<entry>1</entry>", b"<atom:entry>2</atom:entry>", b"<ITEM/>3</ITEM>"],
        [b"<item><![CDATA[<item>not one</item>]]></item>", b"<item><!-- <entry> --></item>"],
        [b"<item>never closed", b"<item>2</item>"],
    ],
)
def test_a_feed_is_cut_where_its_entries_begin(entries: list[bytes]) -> None:
    split = split_feed(HEAD + b"".join(entries) + TAIL, "text/xml")
    assert (split.head, list(split.entries), split.tail) == (HEAD, entries, TAIL)
    assert split.alone(1) == HEAD + entries[1] + TAIL


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"<items/>", b"<![CDATA[<item></item>", b"<item"])
def test_what_has_no_entries_is_all_head(body: bytes) -> None:
    assert split_feed(body, "text/xml").entries == ()


def test_another_encoding_becomes_utf_8() -> None:
    body = "<?xml version='1.0' encoding='iso-8859-1'?><rss><item>Öl</item></rss>".encode("iso-8859-1")
    assert split_feed(body, "text/xml; charset=iso-8859-1").entries == ("<item>Öl</item>".encode(),)
