"""Judges any linker on the hand-labelled names, as a command.

    python -m tests.support.entities_report texts FILE > texts.jsonl     what a linker is to read: {"id", "text"}
    squall model score --json < texts.jsonl > out.jsonl                  or another that writes {"id", "entities": [{start, end, name, …}]}
    python -m tests.support.entities_report judge FILE < out.jsonl       precision, recall and each error

FILE: ambiguous_names, who_is_it_about, mixed_tones (the texts of who_is_it_about with two tones, asked by name) or story_free_names.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support import entities_judge as judge
from tests.support.entities_truth import AboutText, AmbiguousName, FreeName, about_texts, ambiguous_names, free_names

FILES = ("ambiguous_names", "who_is_it_about", "mixed_tones", "story_free_names")
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def truths(file: str, data: Path) -> Sequence[AmbiguousName | AboutText | FreeName]:
    """The labelled texts of one of `FILES`; `data` is the folder of data sets."""
    if file == "story_free_names":
        return free_names()
    if file == "ambiguous_names":
        return ambiguous_names(data)
    texts = about_texts(data)
    return texts if file == "who_is_it_about" else [text for text in texts if judge.toned_names(text)]


def requests(file: str, data: Path) -> list[dict[str, Any]]:
    """What `squall model score` is to read, one object a line."""
    asked = [{"id": truth.id, "text": truth.text} for truth in truths(file, data)]
    if file == "mixed_tones":
        for request, truth in zip(asked, about_texts_of(file, data), strict=True):
            request["entities"] = judge.toned_names(truth)
    return asked


def about_texts_of(file: str, data: Path) -> list[AboutText]:
    """The labelled texts of a file that says who it is about."""
    return [truth for truth in truths(file, data) if isinstance(truth, AboutText)]


def judged(file: str, data: Path, answers: Iterable[Mapping[str, Any]]) -> judge.Verdict:
    """The verdict on answers, one for each request, in any order.

    Raises:
        ValueError: an answer is missing, is an error, or names another number of entities than was asked.
    """
    by_id = {str(answer.get("id")): answer for answer in answers}
    given = []
    for truth in truths(file, data):
        answer = by_id.get(truth.id)
        if answer is None or "entities" not in answer:
            raise ValueError(f"{truth.id}: no entities in the answer {answer}; the command must pass `id` through and write `entities`")
        given.append([judge.found(entity) for entity in answer["entities"]])
    match file:
        case "ambiguous_names":
            return judge.judge_ambiguous(ambiguous_names(data), given)
        case "story_free_names":
            return judge.judge_free_names(free_names(), [[(one.start, one.end) for one in there] for there in given])
        case "who_is_it_about":
            return judge.judge_subjects(about_texts_of(file, data), given)
    texts = about_texts_of(file, data)
    for truth, there in zip(texts, given, strict=True):
        if len(there) != len(judge.toned_names(truth)):
            raise ValueError(f"{truth.id}: {len(there)} entities for {judge.toned_names(truth)}")
    return judge.judge_tones(texts, [[one.tone for one in there] for there in given])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.entities_report", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("do", choices=("texts", "judge"))
    parser.add_argument("file", choices=FILES)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of data sets")
    arguments = parser.parse_args()
    if arguments.do == "texts":
        for request in requests(arguments.file, arguments.data):
            print(json.dumps(request, ensure_ascii=False))
    else:
        print(judged(arguments.file, arguments.data, map(json.loads, sys.stdin)))


if __name__ == "__main__":
    main()
