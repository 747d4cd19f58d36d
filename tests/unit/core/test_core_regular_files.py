"""Files that users name: a pipe or a device is told at once, and nothing is read without a bound."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from squall.backtest.history.corpus import find_files
from squall.backtest.history.events import load_events
from squall.backtest.series.series_file import load_series
from squall.cli.model.sample_texts import sample_texts
from squall.core.config.files.regular import open_regular_file, open_regular_text, read_regular_file
from squall.core.errors import ConfigurationError
from squall.entities.catalogue.user_table import read_user_table
from squall.entities.evaluation.ambiguous_names import read_ambiguous_names
from squall.ingest.rss.feed_list import load_feeds
from squall.model.data.conll import read_conll
from squall.model.data.tables import read_table
from squall.model.data.templates.reading import read_templates
from squall.model.training.pretraining.corpus import read_texts
from squall.model.training.toml import read_toml

DOORS: dict[str, Callable[[Path], object]] = {
    "entities": lambda path: read_user_table(path, {}, extend=True),
    "ambiguous names": lambda path: read_ambiguous_names(path, path.parent),
    "series": load_series,
    "events": lambda path: load_events(path, ()),
    "corpus": find_files,
    "feeds": load_feeds,
    "table": read_table,
    "conll": lambda path: list(read_conll(path)),
    "templates": read_templates,
    "texts to pre-train on": lambda path: read_texts([path], "text"),
    "sample texts": lambda path: list(sample_texts(path)),
    "recipe": read_toml,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_named_pipe_is_told_and_not_waited_for(door: Callable[[Path], object], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(ConfigurationError, match="named pipe"):
        door(pipe)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_device_without_an_end_is_told_and_not_read(door: Callable[[Path], object], tmp_path: Path) -> None:
    link = tmp_path / "zero.csv"
    link.symlink_to("/dev/zero")
    with pytest.raises(ConfigurationError, match="device"):
        door(link)


def test_a_file_that_is_too_large_is_told_with_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"12345")
    assert read_regular_file(path, 5) == b"12345"
    with pytest.raises(ConfigurationError, match="larger than 4 bytes"):
        read_regular_file(path, 4)


def test_a_folder_and_a_missing_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a folder"):
        open_regular_file(tmp_path)
    with pytest.raises(ConfigurationError, match="does not exist"):
        open_regular_file(tmp_path / "none")


def test_text_is_read_gzipped_or_not(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.txt", tmp_path / "a.txt.gz"
    plain.write_text("zwölf\n", encoding="utf-8")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path in (plain, packed):
        with open_regular_text(path) as file:
            assert file.read() == "zwölf\n"
