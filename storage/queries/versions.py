"""Which models scored what is stored: what a backtest can ask for."""

from __future__ import annotations

from squall.storage.queries.base import StoreBase, utc
from squall.storage.rows.stored import ModelSpan

_MODELS = """
SELECT model_version, uniqExact(id), min(published_at), max(published_at), max(scored_at) AS last
FROM documents GROUP BY model_version ORDER BY last DESC, model_version
"""


class VersionQueries(StoreBase):
    """Scores by the model that gave them."""

    def models(self) -> list[ModelSpan]:
        """Return every model version with rows in the store, the one that scored last first."""
        return [
            ModelSpan(version, int(documents), utc(first), utc(last), utc(scored))
            for version, documents, first, last, scored in self._select(_MODELS)
        ]
