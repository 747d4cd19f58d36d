"""`squall stories` on files of documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from squall.cli.main import app

ROWS = [
    ("2026-03-02T08:00:00Z", "Harbor Union halts withdrawals after run on deposits"),
    ("2026-03-02T08:20:00Z", "UPDATE 1-Harbor Union halts withdrawals after run on deposits"),
    ("2026-03-02T08:05:00Z", "Apple shares +3.2% after results"),
    ("2026-03-02T09:05:00Z", "Apple shares -3.2% after results"),
    ("2026-03-02T08:10:00Z", "Harbor Union stops withdrawals as depositors run"),
    ("never", "a row that is no document"),
]


def _file(folder: Path, rows: list[tuple[str, str]]) -> Path:
    path = folder / "news.jsonl"
    path.write_text("".join(json.dumps({"published_at": at, "title": title}) + "\n" for at, title in rows))
    return path


def test_stories_of_a_file_as_json_have_each_document_with_its_fields(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["stories", str(_file(tmp_path, ROWS)), "--json", "--least", "1"])
    assert done.exit_code == 0, done.output
    read = json.loads(done.stdout)
    assert (read["documents"], read["rejected"], read["stories"]) == (5, 1, 3)
    bank = read["shown"][0]
    assert [document["title"] for document in bank["documents"]] == [ROWS[0][1], ROWS[4][1], ROWS[1][1]]
    assert [document["novelty"] for document in bank["documents"]] == [100, 75, 56]
    assert bank["story_id"] == bank["documents"][0]["id"]
    assert bank["documents"][2]["seconds_since_last"] == 600.0
    assert bank["documents"][2]["linked"] == {"12h": 2, "24h": 2, "3d": 2, "5d": 2, "7d": 2}
    up, down = read["shown"][1:]
    assert up["names"] == down["names"] == {"company:apple-inc": 1}


def test_the_table_shows_the_largest_stories_first(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["stories", str(_file(tmp_path, ROWS)), "--limit", "1"])
    assert done.exit_code == 0, done.output
    head, line = done.stdout.splitlines()
    assert head == "5 documents in 3 stories, 1 of them with 2 documents or more"
    assert line.split()[:2] == ["3", "2026-03-02"]
    assert ROWS[0][1] in line
    assert "1 rows are no documents" in done.stderr


def test_a_file_without_documents_is_an_error_that_says_what_a_row_needs(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["stories", str(_file(tmp_path, ROWS[-1:]))])
    assert "holds no documents" in str(done.exception)


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_file_without_documents_is_an_error_that_says_what_to_do(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "f.csv").write_text("date,title\nnever,x\n")
    done = CliRunner().invoke(app, ["stories", str(tmp_path / "f.csv"), *arguments])
    assert done.exit_code != 0
    assert "none of the 1 rows is a document" in done.output
    assert "--delimiter" in done.output
