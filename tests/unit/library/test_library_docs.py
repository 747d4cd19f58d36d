"""docs/python.md names every public name, and its tree of errors is the real one."""

from __future__ import annotations

import re
from pathlib import Path

import squall

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "python.md").read_text()
DETAILS = {
    *("__version__", "AlertState", "Kind", "MinuteCount", "ModelVersion", "Rows", "ScoredDocument", "Sentiment", "SentimentCount"),
    *("SeriesKind", "Severity", "StoreReader", "TaskScores", "TextScores", "Totals"),
}
"""Types of values that the page shows without their names."""


def test_the_page_names_every_public_name() -> None:
    missing = {name for name in squall.__all__ if not re.search(rf"\b{name}\b", PAGE)}
    assert missing <= DETAILS


def test_the_tree_of_errors_is_the_real_one() -> None:
    for text in (PAGE, squall.__doc__ or ""):
        tree = text[text.index("SquallError\n") :].split("```")[0]
        stack: list[tuple[int, type[BaseException]]] = []
        for line in tree.splitlines():
            found = re.match(r"([\s│├└─]*)(\w+Error)", line)
            if not found:
                continue
            depth, error = len(found[1]), getattr(squall, found[2])
            while stack and stack[-1][0] >= depth:
                stack.pop()
            if stack:
                assert stack[-1][1] in error.__bases__, f"{found[2]} is not below {stack[-1][1].__name__}"
            stack.append((depth, error))
    listed = set(re.findall(r"\w+Error", PAGE[PAGE.index("## Errors") :]))
    assert {name for name in squall.__all__ if name.endswith("Error")} == listed
