from __future__ import annotations

import pytest

from squall.storage.queries.words import word_parameters


@pytest.mark.parametrize(
    ("words", "pieces", "looked_into"),
    [
        ((), [], []),
        (("Bankruptcy",), ["%bankruptcy%"], []),
        (("oil",), [], ["oil"]),
        (("profit warning",), ["%warning%"], ["profit warning"]),
        (("100%_sure\\ly",), ["%sure%"], ["100%_sure\\ly"]),
        (("ИНФЛЯЦИЯ",), [], ["ИНФЛЯЦИЯ"]),
        (("Straße",), ["%stra%"], ["Straße"]),
        (("first", "second", "third", "fourth", "fifths"), ["%second%", "%fourth%", "%fifths%", "%first%"], ["third"]),
    ],
    ids=["none", "word", "short", "phrase", "signs", "cyrillic", "mixed", "many"],
)
def test_a_word_of_one_piece_is_asked_of_the_index_and_any_other_is_looked_into(
    words: tuple[str, ...], pieces: list[str], looked_into: list[str]
) -> None:
    found = word_parameters(words)
    assert [found[f"piece_{slot}"] for slot in range(1, 5)] == (pieces + [""] * 4)[:4]
    assert found["words"] == looked_into
