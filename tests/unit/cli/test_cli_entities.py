"""`squall entities`: what it prints, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from squall.app.doctor import SchemaState, examine, examine_entities
from squall.cli.main import app
from squall.core.clock import Clock, SystemClock
from squall.core.config.entities import EntitySettings
from squall.core.config.model import ModelSettings
from squall.core.config.settings import Settings
from squall.core.errors import SquallError, StoreMissingError


def run(*arguments: str, code: int = 0, **variables: str) -> str:
    result = CliRunner().invoke(app, ["entities", *arguments], env=variables)
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize("asked", ["VW", "Volkswagen AG", "VOW3.DE", "company:volkswagen-ag"])
def test_show_takes_an_id_a_ticker_or_a_name(asked: str) -> None:
    shown = orjson.loads(run("show", asked, "--json"))
    assert shown["id"] == "company:volkswagen-ag"
    assert shown["ancestors"][:2] == ["industry:automobiles", "country:germany"]


def test_show_takes_capitals_for_a_ticker_and_tells_who_else_has_the_name() -> None:
    ford = orjson.loads(run("show", "Ford", "--json"))
    assert (ford["id"], ford["others"]) == ("company:ford-motor-company", ["company:forward-industries-inc"])
    assert "company:forward-industries-inc" in run("show", "FORD").splitlines()[1]


def test_show_tells_the_members_of_a_sector() -> None:
    assert "ExxonMobil" in run("show", "sector:energy")
    node = orjson.loads(run("show", "industry:banks", "--json"))
    assert node["ancestors"] == ["sector:financials", "market"]
    assert "company:jpmorgan-chase-and-co" in node["members"]


def test_show_of_what_is_not_there_fails_and_names_what_is_similar() -> None:
    result = CliRunner().invoke(app, ["entities", "show", "Volks"])
    assert isinstance(result.exception, SquallError)
    assert "company:volkswagen-ag" in result.exception.hint


def test_search_lists_the_best_first() -> None:
    assert run("search", "volks").splitlines()[0].endswith("company:volkswagen-ag")
    assert len(orjson.loads(run("search", "bank of", "--limit", "3", "--json"))) == 3


def test_search_that_finds_nothing_exits_as_grep_does() -> None:
    assert "no entity is called 'zzzzzz'" in run("search", "zzzzzz", code=1)
    assert orjson.loads(CliRunner().invoke(app, ["entities", "search", "zzzzzz", "--json"]).stdout) == []


def test_an_argument_that_names_nobody_is_not_repeated_whole() -> None:
    result = CliRunner().invoke(app, ["entities", "show", "x" * 100_000])
    assert isinstance(result.exception, SquallError)
    assert len(str(result.exception)) < 400


def test_check_counts_what_ships() -> None:
    counts = orjson.loads(run("check", "--json"))
    assert counts["entities"]["company"] > 19_000
    assert counts["own"] == 0


def test_check_tells_what_is_worth_a_look_in_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,aliases\nAlpenbank,Gap\n")
    told = orjson.loads(run("check", str(path), "--json"))
    found = told["findings"]
    assert told["finding_counts"] == {"shared name": 1, "needs context": 1}
    assert {(finding["entity"], finding["finding"]) for finding in found} == {
        ("company:alpenbank", "needs context"),
        ("company:alpenbank", "shared name"),
    }
    assert "company:alpenbank: shared name" in run("check", SQUALL_ENTITIES__PATH=str(path))


def test_check_counts_findings_and_shows_the_first_of_a_kind(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,aliases\n" + "".join(f"Alpenbank {number},Hausbank\n" for number in range(30)))
    printed = run("check", str(path), "--limit", "2")
    assert printed.count(": shared name: ") == 2
    assert "30 findings" in printed
    assert "… and 28 more of this kind (shared name)" in printed
    path.write_text("name,aliases\nAlpenbank,Gap Stores Of Old;A\n")
    assert "without a broken line; 1 finding\n" in run("check", str(path))


def test_check_of_a_broken_file_fails_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,size\nA,9\n,1\n")
    problems = orjson.loads(run("check", str(path), "--json", code=1))["problems"]
    assert [problem["line"] for problem in problems] == [2, 3]
    assert "line 3: no name" in run("check", str(path), code=1)


def test_check_of_a_file_that_is_not_there_is_wrong_use() -> None:
    run("check", "nowhere.csv", code=2)


def test_doctor_counts_the_entities_of_ones_own_table(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("id,name\n,Alpenbank\n,Zorgblat\ncompany:apple-inc,\n")
    extended = examine_entities(EntitySettings(path=path))
    assert extended.healthy
    assert extended.state.startswith(f"3 of {path}, 1 of them change")
    path.write_text("name\nAlpenbank\n")
    assert examine_entities(EntitySettings(path=path, mode="replace")).state.startswith(f"1 of {path} instead")
    assert "none of your own" in examine_entities(EntitySettings()).state


def test_doctor_tells_every_broken_line_of_ones_own_table(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,parent\nAlpenbank,Nobody Known\nZorgblat,Nobody Else\n")
    data = tmp_path / "data"
    settings = Settings(entities=EntitySettings(path=path), data_dir=data, model=ModelSettings(path=tmp_path / "none"))
    checks = examine(lambda: settings, lambda: None, SystemClock(), _no_store)
    (check,) = [check for check in checks if check.part == "entities"]
    assert not check.healthy
    assert all(word in check.state for word in ("line 2", "Nobody Known", "line 3", "Nobody Else"))
    assert "squall entities check" in check.hint
    assert [check.part for check in checks][-1] == "e-mail"  # one broken part hides no other


def _no_store(settings: Settings, clock: Clock) -> SchemaState:
    raise StoreMissingError("no store here")
