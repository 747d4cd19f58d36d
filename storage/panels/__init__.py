"""The SQL of the Grafana panels: one file per query, named `dashboard/panel`.

The files are written for Grafana's ClickHouse plugin, with its macros (`$__timeFilter(…)`, …) and Grafana's variables
(`${topic:queryparam}`). `{{name}}` includes `parts/name.sql`, which several queries share; `{{name:word}}` includes it with `word`
in place of `{{@}}`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
_PARTS = "parts"
_INCLUDE = re.compile(r"\{\{([a-z_]+)(?::([a-z_]+))?\}\}")
_WORD = "{{@}}"


def panel_names() -> list[str]:
    """Return the names of all queries, sorted."""
    files = (path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.glob("*/*.sql"))
    return sorted(name for name in files if not name.startswith(f"{_PARTS}/"))


@cache
def panel_sql(name: str) -> str:
    """Return a query with its shared parts included and its comments removed.

    Raises:
        KeyError: there is no such query or part.
    """
    return _INCLUDE.sub(lambda found: panel_sql(f"{_PARTS}/{found[1]}").replace(_WORD, found[2] or ""), _read(name))


def _read(name: str) -> str:
    path = FOLDER / f"{name}.sql"
    if not path.is_file():
        raise KeyError(f"no query {name!r} in {FOLDER}; available: {', '.join(panel_names())}")
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--")).strip()
