"""Signs as tokens of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from squall.core.errors import ConfigurationError
from squall.model.network import MultiTaskNetwork
from squall.model.serving.engine import ScoringEngine
from squall.model.text_tokenizer import TextTokenizer
from squall.model.training.techniques.signs import signs, with_signs
from tests.support.engines import save_checkpoint, tiny_settings

UNKNOWN_ID = 1


@pytest.fixture
def extended(tiny_base: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A checkpoint, and the same with signs."""
    before = save_checkpoint(tmp_path / "before", tiny_base)
    tokenizer = Tokenizer.from_file(str(before / "tokenizer.json"))
    tokenizer.enable_padding(length=32)  # as the shipped one has it
    tokenizer.save(str(before / "tokenizer.json"))
    return before, with_signs(before, tmp_path / "after")


def test_what_investors_post_is_among_the_signs() -> None:
    assert set("🚀📈📉🐂🐻💀🩸🔻🟢💎🙌▲▼✅") <= set(signs())
    assert signs()["🚀"] == "rocket"


def test_a_word_with_a_sign_is_no_longer_unknown_as_a_whole(extended: tuple[Path, Path]) -> None:
    before, after = (TextTokenizer(folder / "tokenizer.json", 32) for folder in extended)
    assert before.ids(["fall📉📉 🚀"])[0].count(UNKNOWN_ID) == 2
    ids = after.ids(["fall📉📉 🚀"])[0]
    assert UNKNOWN_ID not in ids
    assert len(set(ids)) == 5  # [CLS] fall ##📉 twice 🚀 [SEP]


def test_what_a_text_without_signs_says_does_not_change(extended: tuple[Path, Path]) -> None:
    texts = ["bank shares fall", "gold up 3", ""]
    before, after = ((engine, engine.read(texts).sentiment) for engine in map(ScoringEngine.open, map(tiny_settings, extended)))
    np.testing.assert_array_equal(before[1], after[1])
    for engine, _ in (before, after):
        engine.close()


def test_the_vector_of_a_sign_starts_as_the_mean_of_the_words_of_its_name(extended: tuple[Path, Path]) -> None:
    after = MultiTaskNetwork.load(extended[1])
    vectors = after.encoder.get_input_embeddings().weight  # type: ignore[operator]
    tokenizer = TextTokenizer(extended[1] / "tokenizer.json", 32)
    (name,), (sign,) = tokenizer.ids(["bank"]), tokenizer.ids(["🏦"])  # Unicode calls it BANK
    np.testing.assert_allclose(vectors[sign[1]].detach(), vectors[name[1]].detach(), atol=1e-3)


def test_a_base_that_has_all_signs_is_left_as_it_is_and_one_that_is_no_checkpoint_is_refused(
    extended: tuple[Path, Path], tiny_base: Path, tmp_path: Path
) -> None:
    assert with_signs(extended[1], tmp_path / "again") == extended[1]
    assert not (tmp_path / "again").exists()
    plain = tmp_path / "plain"
    shutil.copytree(tiny_base, plain)
    with pytest.raises(ConfigurationError, match="needs a checkpoint as base"):
        with_signs(plain, tmp_path / "never")
