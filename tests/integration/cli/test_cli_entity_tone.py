"""`squall entities tone`: over the store of the settings, and through the page of the process that has it open."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from squall import storage
from squall.cli.main import app
from squall.core.errors import SquallError, StoreMissingError
from tests.integration.storage.mention_samples import mention, naming
from tests.integration.storage.samples import NOW
from tests.support.squall_process import SquallProcess, wait_until

pytestmark = pytest.mark.slow

SHELL, EXXON, YOUTUBE = "company:shell-plc", "company:exxon-mobil-corporation", "company:youtube"


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with a day: Shell 3 negative, Exxon 1 negative beside it and 1 positive, YouTube 1 negative, Alpenbank 1 negative."""
    url = f"chdb://{tmp_path / 'store'}?max_threads=1"
    monkeypatch.setenv("SQUALL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SQUALL_STORE__URL", url)
    monkeypatch.setenv("SQUALL_WEB__PORT", "0")
    store = storage.open(url)
    store.schema.migrate()
    rows = [naming(number, SHELL, published_at=NOW - timedelta(hours=number)) for number in range(2)]
    rows += [naming(5, SHELL, EXXON), naming(6, mention(EXXON, tone="positive")), naming(7, YOUTUBE), naming(8, "found:alpenbank")]
    store.documents.insert(rows, token="a")
    store.rollups.update()
    store.close()
    return tmp_path / "store"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["entities", "tone", *arguments])


def answer(*arguments: str) -> dict[str, Any]:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_sector_is_told_with_its_most_negative_companies(filled: Path) -> None:
    found = answer("sector:energy")
    assert (found["totals"]["documents"], found["totals"]["negative"], found["hours"]) == (5, 4, 24)
    assert found["totals"]["mean_score"] == pytest.approx((4 * -0.7 + 0.7) / 5, abs=1e-6)
    assert [(row["entity"], row["negative"]) for row in found["members"]] == [(SHELL, 3), (EXXON, 1)]
    lines = invoke("sector:energy", "--limit", "1").output.splitlines()
    assert lines[0].startswith("Energy (sector:energy), 24 hours to ")
    assert "a document that names two counts for each" in lines[1]
    assert lines[2].startswith("documents   5: 4 negative, 0 neutral, 1 positive; 0 of 0 negative in the 24 hours before (+2.0 sd)")
    assert lines[3] == "tone        -0.42; no document before"
    assert lines[-1].endswith(SHELL)


def test_how_grave_it_is_stands_in_a_line_where_a_model_has_read_that_and_nowhere_else(filled: Path) -> None:
    line = "severity    mean {}; {} serious or graver; gravest 0.75 (grave)"
    assert "severity" not in invoke("Shell").output
    store = storage.open(f"chdb://{filled}?max_threads=1")
    store.documents.insert([naming(9, mention(SHELL, severity=0.75))], token="b")
    store.rollups.update()
    store.close()
    assert line.format("0.75", "1 document") in invoke("Shell").output.splitlines()
    store = storage.open(f"chdb://{filled}?max_threads=1")
    store.documents.insert([naming(10, mention(SHELL, severity=0.5)), naming(11, mention(SHELL, severity=0.1))], token="c")
    store.rollups.update()
    store.close()
    assert line.format("0.45", "2 documents") in invoke("sector:energy").output.splitlines()


def test_somebody_is_found_by_ticker_name_or_id_alone_or_with_what_it_owns(filled: Path) -> None:
    assert answer("SHEL")["totals"]["entity"] == answer("Shell")["totals"]["entity"] == SHELL
    for name in ("found:alpenbank", "Alpenbank", "ALPENBANK AG"):  # no table knows it
        assert answer(name)["totals"]["negative"] == 1
    assert answer("Alphabet", "--members")["totals"]["negative"] == 1
    assert answer("Shell", "--hours", "1")["totals"]["documents"] == 2


@pytest.mark.parametrize("arguments", [("Alphabet",), ("found:nobody",), ("Ford", "--members"), ("sector:magic",)])
def test_who_is_named_by_no_document_is_an_error_that_says_so(filled: Path, arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SquallError)
    assert "no stored document" in str(result.exception)


@pytest.mark.parametrize(
    ("name", "error"), [("zzqx", "no entity is called 'zzqx', and no stored document names it"), ("-", "no entity is called '-'")]
)
def test_a_name_that_nobody_has_is_told_apart_from_one_that_no_document_names(filled: Path, name: str, error: str) -> None:
    assert error in str(invoke("--", name).exception)


def test_without_a_store_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_DATA_DIR", str(tmp_path / "data"))
    assert isinstance(invoke("Shell").exception, StoreMissingError)
    assert not (tmp_path / "data").exists()


def test_beside_a_process_that_has_the_store_open_its_page_is_asked_and_says_the_same(filled: Path, tmp_path: Path) -> None:
    asked = ("sector:energy", SHELL, "found:alpenbank")
    alone = [answer(node) for node in asked]
    owner = answer("Alphabet", "--members")
    url = f"chdb://{filled}?max_threads=1"
    node = SquallProcess(tmp_path / "node.log", "web", DATA_DIR=str(tmp_path / "data"), STORE__URL=url, WEB__PORT="0")
    try:
        wait_until(filled.with_name(f"{filled.name}.page.json").exists, 60, "the page", node.log)
        assert [answer(node) for node in asked] == alone
        assert answer("Alphabet", "--members") == owner
        assert "no stored document" in str(invoke("found:nobody").exception)
    finally:
        node.stop()
