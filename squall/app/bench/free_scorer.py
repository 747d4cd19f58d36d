"""An engine that answers at once, the same for every text: what is left is the cost of everything around the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from squall.core.records import SENTIMENTS, TOPICS
from squall.stream.mentions import Place, WantedOf


@dataclass(frozen=True)
class _SameReading:
    """The same probabilities for `texts` texts, no names, no severity."""

    texts: int
    model_version: str

    @property
    def topic(self) -> npt.NDArray[np.float32]:
        return np.full((self.texts, len(TOPICS)), 1 / len(TOPICS), dtype=np.float32)

    @property
    def sentiment(self) -> npt.NDArray[np.float32]:
        return np.full((self.texts, len(SENTIMENTS)), 1 / len(SENTIMENTS), dtype=np.float32)

    @property
    def names(self) -> Sequence[Sequence[tuple[int, int, str]]]:
        return [()] * self.texts

    @property
    def severity(self) -> npt.NDArray[np.float32] | None:
        return None

    def events(self, _row: int) -> Sequence[tuple[str, float]]:
        return ()

    def names_within(self, _row: int) -> Sequence[Place]:
        return ()

    def name_chances(self, _row: int) -> Sequence[tuple[int, int, float, float]]:
        return ()

    def tone(self, _row: int, spans: Sequence[Place]) -> npt.NDArray[np.float32]:
        return np.full((len(spans), len(SENTIMENTS)), 1 / len(SENTIMENTS), dtype=np.float32)

    def mention_events(self, _row: int, _spans: Sequence[Place]) -> Sequence[tuple[str, float]] | None:
        return None

    def mention_severity(self, _row: int, _spans: Sequence[Place]) -> npt.NDArray[np.float32] | None:
        return None


class FreeScorer:
    """Scores any text at no cost."""

    model_version: Final = "free"
    languages: Final = ("en",)

    def read(self, texts: Sequence[str], *, wanted: WantedOf = lambda _: ()) -> _SameReading:  # noqa: ARG002 - as the engine has it
        """Return the same probabilities for every text."""
        return _SameReading(len(texts), self.model_version)
