"""The shipped file of forms says what the rules say, and is used for the catalogue it was made of only."""

from __future__ import annotations

import gzip
import logging
from itertools import zip_longest
from pathlib import Path

import orjson
import pytest

from squall.core.config.entities import EntitySettings
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.common_words import common_words
from squall.entities.catalogue.version import version_of
from squall.entities.linking.forms.ready_made import FORMS_FILE, forms_table, write_forms
from squall.entities.linking.forms.rules import forms_of
from squall.entities.linking.forms.table import FormTable
from squall.entities.linking.linker import Linker
from squall.entities.names import name_key
from tests.support.linkers import company

ENTITIES = (
    company("Alpenbank", "Bank of Alps", ticker="ALPB"),
    company("Apollo Mining", "Apollo"),
    company("Apollo Global", "Apollo", size=5),
)
MOST_BYTES = 1024 * 1024


def shipped_of(version: str = "v1") -> Catalogue:
    return Catalogue(ENTITIES, shipped_version=version)


def texts_of(table: FormTable) -> list[str]:
    return [table.form(number).text for number in range(len(table))]


def test_the_shipped_file_has_the_forms_that_the_rules_make_of_the_shipped_entities(
    catalogue: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    table = forms_table(catalogue)
    assert caplog.messages == []  # the file was used
    by_rule = forms_of(catalogue)
    assert len(table) == len(by_rule) > 90_000
    made = (table.form(number) for number in range(len(table)))
    assert [(one, other) for one, other in zip_longest(made, by_rule) if one != other][:5] == []


def test_forms_are_sorted_and_found_by_their_text(catalogue: Catalogue) -> None:
    table = forms_table(catalogue)
    assert list(table.texts) == sorted(set(table.texts))
    for text in (table.texts[0], table.texts[-1], "volkswagen", "at&t"):
        form = table.with_text(text)
        assert form is not None
        assert form.text == text
    assert [table.with_text(text) for text in ("", "\0", "volkswage", "zzzzzzzz", "😀")] == [None] * 5


def test_the_shipped_version_is_that_of_the_shipped_entities(catalogue: Catalogue) -> None:
    assert catalogue.version == version_of(catalogue)


def test_the_shipped_file_is_small() -> None:
    assert FORMS_FILE.stat().st_size < MOST_BYTES


def test_equal_catalogues_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_forms(shipped_of(), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_file_of_another_catalogue_is_named_and_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "forms.json.gz"
    write_forms(Catalogue([company("Zentra")], shipped_version="v0"), path)
    assert texts_of(forms_table(shipped_of(), path)) == [form.text for form in forms_of(shipped_of())]
    (message,) = caplog.messages
    assert f"{path} is of catalogue v0, not v1" in message


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"words": "other"}, "is of the lists of words other"),
        ({"format": 99}, "has format 99"),
        ({"flags": None}, "can't be read"),
        ({"flags": "0"}, "has columns of 6, 6 and 1 forms"),
    ],
)
def test_a_stale_or_broken_file_is_named_and_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, change: dict[str, object], named: str
) -> None:
    path = tmp_path / "forms.json.gz"
    write_forms(shipped_of(), path)
    path.write_bytes(gzip.compress(orjson.dumps(orjson.loads(gzip.decompress(path.read_bytes())) | change)))
    assert texts_of(forms_table(shipped_of(), path)) == [form.text for form in forms_of(shipped_of())]
    (message,) = caplog.messages
    assert named in message


def test_a_missing_file_is_named_and_its_forms_are_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert len(forms_table(shipped_of(), tmp_path / "none")) == len(forms_of(shipped_of()))
    (message,) = caplog.messages
    assert "none can't be read" in message


def test_a_file_that_fits_is_used_without_the_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "forms.json.gz"
    write_forms(shipped_of(), path)
    monkeypatch.setattr("squall.entities.linking.forms.ready_made.forms_of", None)
    apollo = forms_table(shipped_of(), path).with_text("apollo")
    assert apollo is not None
    assert [entity.name for entity in apollo.entities] == ["Apollo Global", "Apollo Mining"]


@pytest.mark.parametrize("mode", ["extend", "replace"])
def test_a_table_of_the_user_s_own_has_its_forms_made_by_rule(tmp_path: Path, mode: str, caplog: pytest.LogCaptureFixture) -> None:
    own = tmp_path / "mine.csv"
    own.write_text("name,aliases\nZorgblat AG,Hausbank\n")
    settings = EntitySettings(path=own, mode=mode)  # type: ignore[arg-type]
    catalogue = Catalogue.open(settings)
    assert not catalogue.is_shipped
    assert catalogue.version == version_of(catalogue)
    assert [link.name for link in Linker(catalogue).link("Zorgblat and Hausbank")] == ["Zorgblat AG"] * 2
    assert [record for record in caplog.records if record.levelno >= logging.WARNING and record.name.startswith("squall")] == []


def test_ordinary_words_are_stored_as_the_keys_they_are_asked_by() -> None:
    assert [word for word in common_words() if name_key(word) != word] == []
