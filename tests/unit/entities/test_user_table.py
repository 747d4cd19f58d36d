"""The user's own table: all of it or nothing, every problem told with its line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.config.entities import EntitySettings
from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.checks import find_oddities
from squall.entities.catalogue.user_cells import COLUMNS, MOST_ALIASES
from squall.entities.catalogue.user_table import EntityTableError, read_user_table
from squall.entities.entity import Entity, Listing
from squall.entities.names import name_key

GERMANY = Entity("country:germany", EntityKind.COUNTRY, "Germany", ("Deutschland",))
APPLE = Entity(
    "company:apple-inc", EntityKind.COMPANY, "Apple", ("Apple Inc.",), ("Apple Computer",), (Listing("AAPL"),), "IT", "Phones", "", "", 6
)
SHIPPED = {entity.id: entity for entity in (GERMANY, APPLE)}


def read(tmp_path: Path, content: str | bytes, *, extend: bool = True) -> list[Entity]:
    path = tmp_path / "mine.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_user_table(path, SHIPPED, extend=extend)


def problems(tmp_path: Path, content: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(EntityTableError) as raised:
        read(tmp_path, content)
    assert "mine.csv" in raised.value.what
    return [tuple(problem) for problem in raised.value.problems]


def test_a_row_needs_no_more_than_a_name(tmp_path: Path) -> None:
    assert read(tmp_path, "name\nAlpenbank AG\n") == [Entity("company:alpenbank-ag", EntityKind.COMPANY, "Alpenbank AG", ("Alpenbank",))]


def test_country_and_parent_are_found_by_name_symbol_or_id(tmp_path: Path) -> None:
    rows = [
        *("name,kind,symbols,country,parent", "Alpenbank,,ALPB.DE,Deutschland,", "A,,,country:germany,ALPB.DE"),
        *("B,,,,alpenbank", "C,person,,,company:apple-inc"),
    ]
    bank, *others = read(tmp_path, "\n".join(rows))
    assert (bank.country, others[0].country) == ("country:germany", "country:germany")
    assert [other.parent for other in others] == ["company:alpenbank", "company:alpenbank", "company:apple-inc"]


def test_a_row_of_a_known_id_changes_that_entity(tmp_path: Path) -> None:
    (apple,) = read(tmp_path, "id,aliases,size,country\ncompany:apple-inc,Cupertino giant;-Apple Computer,5,Germany\n")
    assert (apple.name, apple.aliases, apple.former_names) == ("Apple", ("Cupertino giant", "Apple Inc."), ())
    assert (apple.size, apple.country, apple.sector, apple.symbols) == (5, "country:germany", "IT", ("AAPL",))
    assert read(tmp_path, "name,aliases\nApple Inc,Cupertino giant\n")[0].id == "company:apple-inc"


def test_a_row_of_a_known_id_stands_alone_where_only_the_users_entities_count(tmp_path: Path) -> None:
    (apple,) = read(tmp_path, "id,name\ncompany:apple-inc,Apple Records\n", extend=False)
    assert (apple.name, apple.aliases, apple.symbols) == ("Apple Records", (), ())


@pytest.mark.parametrize(
    "content",
    [
        "name,aliases\nAlpenbank,AB;Alpen Bank\n",
        "\ufeffname,aliases\r\nAlpenbank,AB;Alpen Bank\r\n",
        "name;aliases\nAlpenbank;AB|Alpen Bank\n",
        '"name","aliases"\n"Alpenbank","AB; Alpen Bank ;"',
        "Aliases , NAME\n\nAB;Alpen Bank,Alpenbank\n,\n",
    ],
    ids=["plain", "BOM and CRLF", "semicolons between cells", "quoted", "other order, empty rows"],
)
def test_the_usual_ways_to_write_a_file_are_read(tmp_path: Path, content: str) -> None:
    (entity,) = read(tmp_path, content)
    assert (entity.name, entity.aliases) == ("Alpenbank", ("AB", "Alpen Bank"))


def test_every_problem_is_told_with_its_line_in_one_error(tmp_path: Path) -> None:
    rows = [
        "id,kind,name,aliases,symbols,country,parent,size",
        ",company,Good,,,,,",
        ",firm,,,,,,huge",
        "company:x y,,X,,,,,",
        "person:good,company,Y,…;ok,no ticker!,,,",
        ",,Good,,,,,",
        ",,Z,,,Atlantis,Nobody,",
        ",,Self,,,,Self,",
        ",,too,few",
        "company:apple-inc,,,-Pear,,,,",
        f",,{'n' * 201},,,,,",
    ]
    found = problems(tmp_path, "\n".join(rows))
    told = {line: [text for at, text in found if at == line] for line, _ in found}
    assert {line: len(texts) for line, texts in told.items()} == {3: 3, 4: 1, 5: 3, 6: 1, 7: 2, 8: 1, 9: 1, 10: 1, 11: 1}
    assert "line 2" in told[6][0]
    assert "Atlantis" in told[7][0]
    assert "Pear" in told[10][0]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("company:a,,A,,,company:apple-inc,", "country 'company:apple-inc' is neither"),
        ("company:\u202exe,,A,,,,", "can't be seen"),
        ("company:a\x7f,,A,,,,", "can't be seen"),
        (f"company:{'x' * 200},,A,,,,", "has 208 characters; an id has at most 160"),
        ("company:a,,A,,-Pear,,", "-Pear: the entity has no such"),
        ("company:a,,A,,,,person:tim-cook", "parent 'person:tim-cook' is no id, symbol or name of another company"),
        (f"company:a,,A,,{'x' * 201},,", "former name"),
    ],
)
def test_a_cell_that_can_not_be_meant_is_told_with_its_line(tmp_path: Path, row: str, words: str) -> None:
    [(line, text)] = problems(tmp_path, f"id,kind,name,aliases,former_names,country,parent\nperson:tim-cook,,Tim Cook,,,,\n{row}\n")
    assert line == 3
    assert words in text
    assert len(text) < 300


def test_a_row_that_changes_what_ships_is_told_why_it_can_not_where_only_the_users_entities_count(tmp_path: Path) -> None:
    with pytest.raises(EntityTableError, match="line 2: company:apple-inc ships with Squall, but in mode `replace`"):
        read(tmp_path, "id,name,aliases\ncompany:apple-inc,,-Apple Computer\n", extend=False)


def test_a_name_is_taken_away_in_the_column_of_former_names_too(tmp_path: Path) -> None:
    (apple,) = read(tmp_path, "id,former_names\ncompany:apple-inc,-Apple Computer;Apple Corps\n")
    assert (apple.former_names, apple.aliases) == (("Apple Corps",), ("Apple Inc.",))


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 0, "empty"),
        ("name,colour\nA,red\n", 1, "colour"),
        ("aliases\nA\n", 1, "`name`"),
        ("name,name\nA,B\n", 1, "twice"),
        ("name\nA\n\xff".encode("latin-1"), 3, "UTF-8"),
        ('name\nA\n"B\n', 3, "CSV"),
        ("name,aliases\nA," + ";".join(f"a{number}" for number in range(10_000)), 2, "10,000 aliases"),
        ("name,aliases\nA," + "a" * 100_000, 2, "more than 200 characters"),
        ("name,aliases\nA," + "a" * 131_073, 2, "a cell has more than 131,072 characters"),
    ],
    ids=[
        "empty",
        "unknown column",
        "no name",
        "column twice",
        "not UTF-8",
        "open quote",
        "10,000 aliases",
        "long cell",
        "longer than CSV allows",
    ],
)
def test_a_broken_file_is_told(tmp_path: Path, content: str | bytes, line: int, words: str) -> None:
    found = problems(tmp_path, content)
    assert [at for at, text in found if words in text] == [line], found


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EntityTableError, match="does not exist"):
        read_user_table(tmp_path / "none.csv", SHIPPED, extend=True)


def test_a_file_of_broken_rows_is_told_in_a_message_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,size\n" + "A,99\n" * 5000)
    with pytest.raises(EntityTableError) as raised:
        read_user_table(path, {}, extend=True)
    assert len(raised.value.problems) == 5000
    assert len(raised.value.what) < 20_000
    assert "and 4,900 more" in raised.value.what


def test_lines_are_counted_as_an_editor_does_where_cells_hold_line_breaks(tmp_path: Path) -> None:
    assert problems(tmp_path, 'name,size\n"A\nB",1\nC,77\n')[0][0] == 4


SYMBOL = st.from_regex(r"[A-Z]{1,5}(\.(L|DE|NS))?", fullmatch=True)
LETTERS = st.characters(blacklist_characters=";|\0\x1f", blacklist_categories=("Cs", "Cc", "Cf", "Zl", "Zp"))
NAME = (
    st.text(LETTERS, min_size=1, max_size=30)
    .map(str.strip)
    .filter(lambda text: bool(name_key(text)) and not text.startswith("-") and text == " ".join(text.split()))
)
ROW = st.tuples(NAME, st.lists(NAME, max_size=4), st.lists(SYMBOL, max_size=3, unique=True), st.integers(0, 6))


@given(st.lists(ROW, max_size=6, unique_by=lambda row: name_key(row[0])))
def test_what_is_written_to_a_table_is_read_from_it(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, list[str], list[str], int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.csv"
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for number, (name, aliases, symbols, size) in enumerate(rows):
        writer.writerow({"id": f"person:{number}", "name": name, "aliases": ";".join(aliases), "symbols": ";".join(symbols), "size": size})
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    read_back = read_user_table(path, {}, extend=False)
    assert [(e.name, list(e.aliases), list(e.symbols), e.size) for e in read_back] == rows


def test_extend_adds_to_the_shipped_entities_and_replace_takes_their_place(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,aliases,country\nAlpenbank AG,Hausbank,Austria\n")
    extended, alone = (Catalogue.open(EntitySettings(path=path, mode=mode)) for mode in ("extend", "replace"))
    assert (len(extended), len(alone)) == (len(catalogue) + 1, 1)
    assert extended.named("hausbank")[0].id == alone.named("hausbank")[0].id == "company:alpenbank-ag"
    assert "country:austria" in alone.ancestors("company:alpenbank-ag")


def test_replace_without_a_file_is_refused() -> None:
    with pytest.raises(ValueError, match="SQUALL_ENTITIES__PATH"):
        EntitySettings(mode="replace")


def test_an_alias_of_one_letter_or_a_common_word_is_kept_and_told(tmp_path: Path) -> None:
    own = read(tmp_path, "name,aliases\nAlpenbank,A;gap;Hausbank\n")
    found = {finding.detail.split("'")[1] for finding in find_oddities(Catalogue(own)).findings if finding.finding == "needs context"}
    assert found == {"A", "gap"}


def test_a_name_that_two_claim_and_a_circle_of_parents_are_told(tmp_path: Path) -> None:
    own = read(tmp_path, "name,aliases,parent\nOne,Common Name,Two\nTwo,common name,One\n")
    found = [(finding.entity, finding.finding) for finding in find_oddities(Catalogue(own)).findings if finding.finding != "needs context"]
    assert found == [
        ("company:one", "shared name"),
        ("company:one", "circle of parents"),
        ("company:two", "shared name"),
    ]


def test_an_entity_with_the_most_aliases_is_read(tmp_path: Path) -> None:
    aliases = [f"alias {number}" for number in range(MOST_ALIASES)]
    (entity,) = read(tmp_path, f"name,aliases\nAlpenbank,{';'.join(aliases)}\n")
    assert list(entity.aliases) == aliases


@pytest.mark.parametrize("name", ["a/b", "x/documents", "a%2Fb", "a?b", "a#b", "a\u202eb", "a\u200bb", "a\\b", 'a""b', "a(b)"])
def test_an_id_that_an_address_or_a_line_would_read_otherwise_is_refused_with_one_that_does(tmp_path: Path, name: str) -> None:
    ((line, text),) = problems(tmp_path, f'id,name\n"company:{name}",Alpenbank\n')
    assert line == 2
    suggested = text.partition("write ")[2].partition(",")[0]
    assert read(tmp_path, f"id,name\n{suggested},Alpenbank\n")[0].id == suggested


@pytest.mark.parametrize("entity_id", ["company:a.b_c-d&e+f~g", "company:Z\u00fcrich", "company:\u65e5\u672c"])
def test_an_id_of_letters_digits_and_plain_signs_is_kept(tmp_path: Path, entity_id: str) -> None:
    assert read(tmp_path, f"id,name\n{entity_id},Alpenbank\n")[0].id == entity_id
