"""What measures the linker: the rows it asks, the proportions it tells, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from squall.cli.main import app
from squall.core.config.entities import EntitySettings
from squall.core.errors import ConfigurationError
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.evaluation.ambiguous_names import read_ambiguous_names
from squall.entities.evaluation.cashtag_rows import cashtag_rows
from squall.entities.evaluation.data_set_texts import digest
from squall.entities.evaluation.evaluate import ticker_report
from squall.entities.evaluation.intervals import Proportion
from squall.entities.evaluation.labelled_names import names_report, read_labelled_names
from tests.support.linkers import company, linker_of, shipped

ENTITIES = (company("Cemex", ticker="CX"), company("Walt Disney", "Disney", ticker="DIS"))


def folder_of(path: Path, texts: list[str]) -> Path:
    (path / "tfn_sentiment").mkdir()
    (path / "tfn_topic").mkdir()
    pd.DataFrame({"text": texts, "label": 0}).to_csv(path / "tfn_sentiment" / "train.csv", index=False)
    pd.DataFrame({"text": texts[:1], "label": 0}).to_parquet(path / "tfn_topic" / "train.parquet")
    return path


TEXTS = [
    "$CX - Cemex (CX) cut at Credit Suisse https://t.co/g0o",
    "$CX - Cemex (CX) cut at Credit Suisse https://t.co/other",
    "$CX: Cement is hard",
    "$CX $DIS - Cemex and Disney",
    "$ZZZQ - Zzz falls",
    "Zentra of Disney ($DIS) reopens",
]


def test_rows_have_one_known_cashtag_with_its_name_beside_it_and_it_is_masked(tmp_path: Path) -> None:
    rows = cashtag_rows(folder_of(tmp_path, TEXTS), Catalogue(ENTITIES))
    assert [(row.symbol, row.name) for row in rows] == [("CX", "Cemex"), ("DIS", "Disney")]
    assert [" ".join(row.text.split()) for row in rows] == ["Cemex cut at Credit Suisse", "Zentra of Disney reopens"]


def test_precision_and_recall_are_of_the_most_relevant_subject(tmp_path: Path) -> None:
    rows = cashtag_rows(folder_of(tmp_path, TEXTS), Catalogue(ENTITIES))
    report = ticker_report(linker_of(ENTITIES[0], company("Zentra", ticker="ZEN")), rows)
    assert (report["precision"]["hits"], report["precision"]["of"], report["recall"]["of"]) == (1, 2, 2)
    assert [mistake["symbol"] for mistake in report["mistakes"]] == ["DIS"]


def test_an_interval_is_wilson_s() -> None:
    low, high = Proportion(8, 10).interval
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert Proportion(0, 0).interval == (0.0, 1.0)
    assert Proportion(10, 10).interval == pytest.approx((0.7225, 1.0), abs=1e-4)


@pytest.mark.parametrize(
    "line", ["{}", "[", '{"text": "a", "start": 0, "end": 9, "is_company": true}', '{"text": "a", "start": 0, "end": 1, "is_company": 1}']
)
def test_a_broken_line_of_labelled_names_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "names.jsonl"
    path.write_text('{"text": "Gap", "start": 0, "end": 3, "is_company": true}\n' + line)
    with pytest.raises(ConfigurationError, match="line 2"):
        read_ambiguous_names(path, tmp_path)


def test_a_labelled_name_s_text_is_taken_from_the_data_set_that_the_line_names(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ["Others rise", "  Gap shares fall "])
    path = tmp_path / "names.jsonl"
    place = {"source": "tfn_sentiment", "row": 1, "start": 0, "end": 3, "is_company": True}
    path.write_text(json.dumps(place | {"sha256": digest("Gap shares fall")}))
    (name,) = read_ambiguous_names(path, folder)
    assert (name.text, name.text[name.start : name.end], name.is_company) == ("Gap shares fall", "Gap", True)
    path.write_text('\n{"text": "Gap", "start": 0, "end": 3, "is_company": true}\n' + json.dumps(place | {"sha256": digest("Other text")}))
    with pytest.raises(ConfigurationError, match=r"names\.jsonl, line 3: row 1 of tfn_sentiment in .* is not the text that was labelled"):
        read_ambiguous_names(path, folder)


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ({"source": "tfn_sentiment", "row": -1}, "line 1"),
        ({"source": "tfn_sentiment", "row": 99, "sha256": digest("a")}, "line 1: row 99 of tfn_sentiment"),
        ({"source": "tfn_sentiment"}, "line 1"),
        ({"source": "nowhere", "row": 0}, "'nowhere' is none of the data sets"),
        ({"source": "sentfin", "row": 0}, "SEntFiN.csv does not exist"),
        ({"source": "uci_stories", "row": 0}, "stories.csv.gz can't be read"),
    ],
)
def test_a_place_that_is_none_is_named(tmp_path: Path, place: dict[str, object], named: str) -> None:
    folder = folder_of(tmp_path, TEXTS)
    (folder / "uci_stories").mkdir()
    (folder / "uci_stories" / "stories.csv.gz").write_bytes(b"not gzip")
    path = tmp_path / "names.jsonl"
    path.write_text(json.dumps(place | {"start": 0, "end": 1, "is_company": True}))
    with pytest.raises(ConfigurationError, match=named):
        read_ambiguous_names(path, folder)


def test_the_command_reads_the_labelled_file_of_the_checkout(data_folder: Path) -> None:
    labelled = Path(__file__).parents[3] / "data" / "ambiguous_names.jsonl"
    names = read_ambiguous_names(labelled, data_folder)
    assert len(names) == 300
    assert sum(name.is_company for name in names) == 150


def test_the_command_prints_what_it_measured(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ["$AAPL - Apple shares rise", "$TSLA - Tesla recalls cars"])
    names = tmp_path / "names.jsonl"
    lines = (
        '{"text": "Gap shares fall", "start": 0, "end": 3, "is_company": true}',
        '{"text": "the gap", "start": 4, "end": 7, "is_company": false}',
    )
    names.write_text("\n".join(lines))
    texts = tmp_path / "texts.jsonl"
    texts.write_text(labelled("Tesla recalls cars", ("Tesla", "ORG")))
    command = ["entities", "evaluate", "--data", str(folder), "--ambiguous", str(names), "--names", str(texts), "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert sum(part["rows"] for part in found["tickers"].values()) == 2
    assert (found["ambiguous"]["precision"]["value"], found["ambiguous"]["recall"]["value"]) == (1.0, 1.0)
    assert (found["names"]["tune"]["precision"]["value"], found["names"]["tune"]["recall"]["value"]) == (1.0, 1.0)
    assert min(found["speed"]["dictionary"], found["speed"]["link"]) > 0


def labelled(text: str, *names: tuple[str, str]) -> str:
    return json.dumps(
        {"text": text, "names": [{"start": text.index(name), "end": text.index(name) + len(name), "label": label} for name, label in names]}
    )


def test_links_to_companies_are_judged_by_the_names_that_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "names.jsonl"
    lines = (
        labelled("Cemex shares fall", ("Cemex", "ORG")),
        labelled("Cemex SAB falls", ("Cemex SAB", "ORG")),
        labelled("Walt Disney sang", ("Walt Disney", "PER")),
        labelled("Cemex Foundation and Zorgblat fall", ("Cemex Foundation", "ORG"), ("Zorgblat", "ORG")),
        labelled("disney Was Here", ("disney", "ORG")),
    )
    path.write_text("\n".join(lines))
    rows = read_labelled_names(path)
    report = names_report(linker_of(*ENTITIES), rows, 10)
    assert (report["precision"]["hits"], report["precision"]["of"]) == (2, 3)
    assert (report["recall"]["hits"], report["recall"]["of"]) == (2, 3)
    assert [mistake["name"] for mistake in report["claimed"]] == ["Walt Disney"]
    assert [mistake["name"] for mistake in report["missed"]] == ["disney"]


def test_blocks_of_labelled_texts_are_in_turn_for_tuning_and_for_judging(tmp_path: Path) -> None:
    path = tmp_path / "names.jsonl"
    path.write_text("\n".join([labelled("Cemex", ("Cemex", "ORG"))] * 100))
    assert [row.part for row in read_labelled_names(path)] == ["tune"] * 40 + ["judge"] * 40 + ["tune"] * 20


@pytest.mark.parametrize("line", ["{}", "[", '{"text": "a", "names": [{"start": 0, "end": 9, "label": "ORG"}]}', '{"text": "a"}'])
def test_a_broken_line_of_texts_with_names_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "names.jsonl"
    path.write_text(labelled("Cemex", ("Cemex", "ORG")) + "\n" + line)
    with pytest.raises(ConfigurationError, match="line 2"):
        read_labelled_names(path)


def test_a_missing_folder_is_an_error_that_says_what_data_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        cashtag_rows(tmp_path, Catalogue(ENTITIES))


@pytest.mark.slow
def test_names_lead_to_their_tickers_on_headlines_whose_cashtag_is_masked(data_folder: Path) -> None:
    rows = [row for row in cashtag_rows(data_folder, Catalogue.open(EntitySettings())) if row.part == "judge"]
    report = ticker_report(shipped(), rows)
    assert report["rows"] > 1_000
    assert report["precision"]["value"] >= 0.95
    assert report["recall"]["value"] >= 0.90
