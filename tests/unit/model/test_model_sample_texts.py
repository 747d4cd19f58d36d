"""Texts to try a model on, from a file or from the demo's stream."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path

import pytest

from squall.cli.model.sample_texts import sample_texts
from squall.core.errors import ConfigurationError


def test_lines_and_objects_are_read_and_blank_ones_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Oil rises\n\n  Gold falls \n", encoding="utf-8")
    assert list(sample_texts(tmp_path / "a.txt")) == ["Oil rises", "Gold falls"]
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write('{"title": "Oil rises"}\n{"text": "Gold falls"}\n{"title": ""}\n')
    assert list(sample_texts(tmp_path / "b.jsonl.gz")) == ["Oil rises", "Gold falls"]


@pytest.mark.parametrize(("body", "said"), [(b"{broken\n", "line 1: not a JSON object"), (b"\xff\xfe\n", "can't be read")])
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, body: bytes, said: str) -> None:
    (tmp_path / "c.jsonl").write_bytes(body)
    with pytest.raises(ConfigurationError, match=said):
        list(sample_texts(tmp_path / "c.jsonl"))
    with pytest.raises(ConfigurationError, match="does not exist"):
        list(sample_texts(tmp_path / "none.txt"))


def test_without_a_file_the_demos_texts_are_taken() -> None:
    texts = list(islice(sample_texts(None), 20))
    assert len(texts) == 20
    assert all(text.strip() for text in texts)
