"""The hand-labelled files are what their README says, and fit the data sets they point into."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from squall.core.records import EntityKind, Sentiment
from tests.support import entities_report
from tests.support.entities_truth import LABELLED, OWN, about_texts, ambiguous_names, free_names, judged_rows, lines

FILES = ("ambiguous_names.jsonl", "who_is_it_about.jsonl", "story_free_names.jsonl")
ROLES = {"subject", "rater", "author", "law firm", "exchange", "mentioned", "undecided"}


@pytest.mark.parametrize("file", FILES)
def test_ids_differ_and_every_line_says_where_it_is_from(file: str) -> None:
    rows = lines(file)
    assert len({row["id"] for row in rows}) == len(rows)
    assert [row["id"] for row in rows if not row["licence"]] == []
    assert [row["id"] for row in rows if (row["source"] == OWN) != ("text" in row)] == []
    assert [row["id"] for row in rows if row["source"] != OWN and not (row["row"] >= 0 and len(row["sha256"]) == 16)] == []


def test_ambiguous_words_are_half_companies_and_mostly_real() -> None:
    rows = lines("ambiguous_names.jsonl")
    assert Counter(row["is_company"] for row in rows) == {True: 150, False: 150}
    assert sum(row["source"] != OWN for row in rows) >= 150
    assert [row["id"] for row in rows if row["is_company"] != bool(row["expected"]) or (row["is_company"] and row["part_of"])] == []


def test_every_ambiguous_word_stands_where_its_span_says(data_folder: Path) -> None:
    rows = ambiguous_names(data_folder)
    assert [row.id for row in rows if row.text[row.start : row.end] != row.name] == []
    assert [row.id for row in rows if row.text != row.text.strip()] == []


def test_every_name_of_a_text_stands_where_its_spans_say(data_folder: Path) -> None:
    texts = about_texts(data_folder)
    assert len(texts) == 200
    for text in texts:
        spans = sorted(span for name in text.names for span in name.spans)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans)), text.id
        for name in text.names:
            assert name.name in {text.text[start:end] for start, end in name.spans}, text.id
            assert name.role in ROLES
            assert EntityKind(name.kind)


def test_forty_texts_have_two_tones(data_folder: Path) -> None:
    toned = [[name.tone for name in text.names if name.tone] for text in about_texts(data_folder)]
    mixed = [tones for tones in toned if tones]
    assert (len(mixed), [tones for tones in mixed if len(set(tones)) < 2]) == (40, [])
    assert {Sentiment(tone) for tones in mixed for tone in tones} == set(Sentiment)


def test_sixty_free_names_have_three_texts_each() -> None:
    rows = free_names()
    assert set(Counter(row.name for row in rows).values()) == {3}
    assert len({row.name for row in rows}) == 60
    assert [row.id for row in rows if row.text[row.start : row.end].casefold() != row.name.casefold()] == []


def test_no_text_of_the_data_sets_is_copied_into_the_repository(data_folder: Path) -> None:
    stored = "".join((LABELLED / file).read_text(encoding="utf-8") for file in FILES)
    drawn = [row.text for row in ambiguous_names(data_folder)] + [text.text for text in about_texts(data_folder)]
    own = {row["text"] for file in FILES for row in lines(file) if row["source"] == OWN}
    assert [text for text in drawn if text not in own and text in stored] == []


def test_a_data_set_that_has_changed_is_refused(tmp_path: Path, data_folder: Path) -> None:
    for source in data_folder.iterdir():
        if source.name != "tfn_sentiment":
            (tmp_path / source.name).symlink_to(source)
    changed = tmp_path / "tfn_sentiment" / "train.csv"
    changed.parent.mkdir()
    changed.write_text("text,label\n" + "Other text,0\n" * 9_543)
    with pytest.raises(ValueError, match=r"row 1259 of tfn_sentiment in .* is not the text that was labelled"):
        ambiguous_names(tmp_path)


def test_rows_that_judge_are_told_to_who_trains() -> None:
    rows = judged_rows()
    assert 1259 in rows["tfn_sentiment"]
    assert sum(map(len, rows.values())) >= 290


@pytest.mark.parametrize("file", entities_report.FILES)
def test_the_command_judges_answers_that_repeat_the_labels_as_faultless(file: str, data_folder: Path) -> None:
    answers = {
        "ambiguous_names": [
            {"id": row.id, "entities": [{"start": row.start, "end": row.end, "name": row.expected[0]}] if row.is_company else []}
            for row in ambiguous_names(data_folder)
        ],
        "who_is_it_about": [
            {
                "id": text.id,
                "entities": [
                    {"start": name.spans[0][0], "end": name.spans[0][1], "name": name.name, "kind": name.kind}
                    for name in text.names
                    if name.role == "subject"
                ],
            }
            for text in about_texts(data_folder)
        ],
        "mixed_tones": [
            {
                "id": text.id,
                "entities": [
                    {"start": 0, "end": 1, "name": name.name, **{f"p_{tone}": float(tone == name.tone) for tone in Sentiment}}
                    for name in text.names
                    if name.tone
                ],
            }
            for text in about_texts(data_folder)
        ],
        "story_free_names": [{"id": row.id, "entities": [{"start": row.start, "end": row.end, "name": row.name}]} for row in free_names()],
    }
    for answer in answers[file]:
        for entity in answer["entities"]:
            entity.setdefault("entity", f"{entity.get('kind', 'company')}:x")
    verdict = entities_report.judged(file, data_folder, answers[file])
    assert verdict.errors == []
    assert {rate.value for rate in verdict.rates.values()} == {1.0}


def test_an_answer_that_is_missing_is_an_error_and_no_bad_mark() -> None:
    with pytest.raises(ValueError, match="free-001: no entities in the answer None"):
        entities_report.judged("story_free_names", Path(), [])
