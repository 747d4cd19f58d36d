import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.model.serving.severities import named_severity, raised

_CHANCE = st.floats(0, 1, width=32)


@given(_CHANCE, _CHANCE, _CHANCE)
def test_other_evidence_raises_a_severity_and_never_lowers_it(root: float, by: float, more: float) -> None:
    roots = np.float32([root])
    low, high = sorted((by, more))
    assert root**2 - 1e-5 <= raised(roots, low)[0] <= raised(roots, high)[0] + 1e-5 <= 1 + 2e-5
    assert raised(roots, 0)[0] == pytest.approx(root**2, abs=1e-5)


def test_the_gravest_token_of_an_organisation_counts_and_other_names_do_not() -> None:
    grave, calm = [-9, -9, -9, -9, 9], [9, -9, -9, -9, -9]
    logits = [np.array([grave, calm], np.float16), np.array([calm, grave, grave], np.float16), np.zeros((0, 5), np.float16)]
    chances = [np.array([[0, 0], [255, 0]], np.uint8), np.array([[255, 0], [51, 0], [255, 255]], np.uint8), np.zeros((0, 2), np.uint8)]
    np.testing.assert_allclose(named_severity(logits, chances), [0, 1, 0], atol=1e-3)


def test_without_a_head_for_names_no_text_is_raised() -> None:
    nothing = np.zeros((0, 2), np.uint8)
    assert named_severity([np.ones((3, 5), np.float16)], [nothing]).tolist() == [0]
    assert named_severity([], []).shape == (0,)
