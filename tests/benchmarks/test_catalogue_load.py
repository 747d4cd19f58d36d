"""How long the shipped entities take to load: a ratio of measurements of one run."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable

import orjson
import pytest

from squall.entities.catalogue.data_file import DATA_FILE, read_data_file

pytestmark = pytest.mark.benchmark

MOST = 15.0
"""0.25 s where inflating and parsing the file take 0.04 s, on one core of 2024."""


def least(function: Callable[[], object]) -> float:
    """The least of five runs, in seconds of this process."""
    runs = []
    for _ in range(5):
        began = time.process_time()
        function()
        runs.append(time.process_time() - began)
    return min(runs)


def test_twenty_thousand_entities_load_in_a_few_times_what_parsing_their_file_takes() -> None:
    parsing = least(lambda: orjson.loads(gzip.decompress(DATA_FILE.read_bytes())))
    assert least(read_data_file) < MOST * parsing
