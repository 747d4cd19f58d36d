"""Measures the linker: tickers from names on Twitter Financial News, ambiguous names on a labelled file, and speed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.evaluation.ambiguous_names import AmbiguousName, read_ambiguous_names
from squall.entities.evaluation.cashtag_rows import CashtagRow, cashtag_rows
from squall.entities.evaluation.intervals import Proportion
from squall.entities.evaluation.labelled_names import names_report, read_labelled_names
from squall.entities.linking.link import Link, Role
from squall.entities.linking.linker import Linker

PARTS = ("judge", "tune")
MOST_MISTAKES = 50
"""So many of each kind are shown."""


def evaluate(
    linker: Linker, catalogue: Catalogue, data: Path, *, ambiguous: Path | None, names: Path | None, clock: Callable[[], float]
) -> dict[str, Any]:
    """Measure everything that `data`, `ambiguous` and `names` allow.

    Args:
        linker: what is measured.
        catalogue: what it links to.
        data: folder with `tfn_sentiment` and `tfn_topic`, and the data sets whose rows `ambiguous` names.
        ambiguous: JSONL file of labelled ambiguous names, see `read_ambiguous_names`; None: not measured.
        names: JSONL file of texts with all their names, see `read_labelled_names`; None: not measured.
        clock: seconds of processor time.

    Returns:
        `tickers`: per part (`judge`, and `tune`, on whose misses the rules were made) what `ticker_report` says; `ambiguous`: what
        `ambiguous_report` says, or None; `names`: per part what `names_report` says, or None; `speed`: headlines per second of one core.

    Raises:
        ConfigurationError: a file is missing or broken.
    """
    rows = cashtag_rows(data, catalogue)
    texts = read_labelled_names(names) if names else []
    return {
        "tickers": {part: ticker_report(linker, [row for row in rows if row.part == part]) for part in PARTS},
        "ambiguous": ambiguous_report(linker, read_ambiguous_names(ambiguous, data)) if ambiguous else None,
        "names": {part: names_report(linker, [text for text in texts if text.part == part], MOST_MISTAKES) for part in PARTS}
        if names
        else None,
        "speed": speed_report(linker, [row.text for row in rows], clock),
    }


def ticker_report(linker: Linker, rows: Sequence[CashtagRow]) -> dict[str, Any]:
    """Return how often the text without its cashtag leads to the cashtag's company.

    Returns:
        `rows`; `precision` and `recall` of the most relevant subject with a ticker (of equals the first); `name_precision` of the
        links over the name itself; `all_precision` of all subjects with a ticker, though a row tells of one company only; `any_recall` of
        any of them; each with a 95% interval; `mistakes`: the first ones.
    """
    right = answered = over_right = over = subjects = subjects_right = anywhere = 0
    mistakes: list[dict[str, Any]] = []
    for row in rows:
        links = [link for link in linker.link(row.text) if link.role is Role.SUBJECT and link.symbols]
        entities = {link.entity for link in links}
        best = max(links, key=lambda link: (link.relevance, -link.start), default=None)
        on_name = [link for link in links if row.name.lower() in row.text[link.start : link.end].lower()]
        answered += best is not None
        right += best is not None and best.entity == row.entity
        over += bool(on_name)
        over_right += any(link.entity == row.entity for link in on_name)
        subjects += len(entities)
        subjects_right += row.entity in entities
        anywhere += row.entity in entities
        if (best is None or best.entity != row.entity) and len(mistakes) < MOST_MISTAKES:
            mistakes.append({"text": row.text, "symbol": row.symbol, "wanted": row.entity, "found": sorted(entities)})
    return {
        "rows": len(rows),
        "precision": Proportion(right, answered).report(),
        "recall": Proportion(right, len(rows)).report(),
        "name_precision": Proportion(over_right, over).report(),
        "all_precision": Proportion(subjects_right, subjects).report(),
        "any_recall": Proportion(anywhere, len(rows)).report(),
        "mistakes": mistakes,
    }


def ambiguous_report(linker: Linker, names: Sequence[AmbiguousName]) -> dict[str, Any]:
    """Return how often a name that is a word too is taken for a company rightly.

    Returns:
        `rows`, `companies` (how many are), `precision`, `recall`, `accuracy` with 95% intervals, `mistakes`: the first ones.
    """
    taken_right = taken = companies = right = 0
    mistakes: list[dict[str, Any]] = []
    for name in names:
        is_taken = _names_company(linker.link(name.text), name)
        taken += is_taken
        companies += name.is_company
        taken_right += is_taken and name.is_company
        right += is_taken == name.is_company
        if is_taken != name.is_company and len(mistakes) < MOST_MISTAKES:
            mistakes.append({"text": name.text, "name": name.text[name.start : name.end], "is_company": name.is_company})
    return {
        "rows": len(names),
        "companies": companies,
        "precision": Proportion(taken_right, taken).report(),
        "recall": Proportion(taken_right, companies).report(),
        "accuracy": Proportion(right, len(names)).report(),
        "mistakes": mistakes,
    }


def speed_report(linker: Linker, texts: Sequence[str], clock: Callable[[], float]) -> dict[str, float]:
    """Return headlines per second of one core: `dictionary` (folding and the pass of the automaton) and `link` (everything)."""
    return {"dictionary": _rate(linker.scan, texts, clock), "link": _rate(linker.link, texts, clock)}


def _rate(function: Callable[[str], object], texts: Sequence[str], clock: Callable[[], float]) -> float:
    began = clock()
    for text in texts:
        function(text)
    return round(len(texts) / max(clock() - began, 1e-9), 1)


def _names_company(links: Sequence[Link], name: AmbiguousName) -> bool:
    return any(link.kind is EntityKind.COMPANY and link.start < name.end and link.end > name.start for link in links)
