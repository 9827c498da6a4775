"""What was added to margins adds up behind every link, whatever the margins are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mlsm.runtimes._carried import against_others, exponential, of_shares

PLAIN = [[[1.0, -0.5, 0.2], [0.0, 0.3, -0.1], [-2.0, 0.1, 0.4]]]
CASES: dict[str, NDArray[np.float64]] = {
    "plain": np.array(PLAIN),
    "nothing was added": np.array(PLAIN) * [0.0, 0.0, 1.0],
    "what was added is undone": np.array([[[1.0, -1.0, 0.2], [2.0, -2.0, -0.1], [3.0, -3.0, 0.4]]]),
    "hardly anything was added": np.array(PLAIN) * [1e-13, 1e-13, 1.0],
    "far apart": np.array(PLAIN) * 100.0,
}


@pytest.mark.parametrize("case", CASES)
def test_log_odds_of_one_of_several_classes_add_up(case: str) -> None:
    """Start and contributions are the margin of the class less what the others come to together."""
    added = CASES[case]
    margins = added.sum(axis=2)
    expected = margins[:, 1] - np.logaddexp(margins[:, 0], margins[:, 2])
    assert against_others(added, 1).sum(axis=1) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_log_odds_of_shares_add_up(case: str) -> None:
    """So they are where each class has a probability of its own."""
    added = CASES[case]
    told = -np.logaddexp(0.0, -added.sum(axis=2))
    expected = told[:, 1] - np.logaddexp(told[:, 0], told[:, 2])
    assert against_others(of_shares(added), 1).sum(axis=1) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_powers_add_up(case: str) -> None:
    """Start and contributions are the exponential of the margin, to each the same share as before."""
    own = CASES[case][:, 0, :]
    found = exponential(own)
    assert found.sum(axis=1) == pytest.approx(np.exp(own.sum(axis=1)), rel=1e-9)
    assert found[0, 0] * own[0, 1] == pytest.approx(found[0, 1] * own[0, 0])


def test_of_two_classes_contributions_are_differences() -> None:
    """What a field added is what it added to the one less what it added to the other."""
    added = np.array([[[1.0, -0.5, 0.2], [0.0, 0.3, -0.1]]])
    assert against_others(added, 0)[0] == pytest.approx(added[0, 0] - added[0, 1])


def test_a_field_that_separates_no_classes_has_no_part() -> None:
    """What was added to all margins alike changes no probability."""
    added = np.array([[[1.0, 0.7, 0.2], [0.0, 0.7, -0.1], [-1.0, 0.7, 0.0]]])
    assert 0.0 == against_others(added, 2)[0, 1]
