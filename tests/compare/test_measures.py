"""Measures of two versions, against figures worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest

from mlsm.compare import Cut, compare, pair, read_gate
from mlsm.errors import InputError


def results(version: str, scores: Sequence[float | None], labels: Sequence[str] | None = None) -> pl.DataFrame:
    """Write results in the store's columns, as far as they are read."""
    return pl.DataFrame(
        {
            "record_id": [f"{place:03}" for place in range(len(scores))],
            "model": ["fit"] * len(scores),
            "version": [version] * len(scores),
            "outcome": ["error" if score is None else "ok" for score in scores],
            "score": scores,
            "label": labels or [None] * len(scores),
        },
        schema_overrides={"score": pl.Float64, "label": pl.String},
    )


def test_leads_are_paired_by_id_across_frames() -> None:
    """Results of two versions meet by the lead's id, whichever frames they come in."""
    pairs = pair([results("1", [1, 2, 3]), results("2", [9, 8])], "fit@1", "fit@2")
    assert pairs.frame.select("record_id", "score", "score_2").rows() == [("000", 1, 9), ("001", 2, 8)]
    assert (pairs.only_first, pairs.only_second) == (1, 0)


def test_equal_versions_differ_in_nothing() -> None:
    """A version held against one with the same scores has no swap, no move, and rank correlation 1."""
    scores = [5.0, 1.0, 3.0, 3.0]
    found = compare(pair([results("1", scores), results("2", scores)], "fit@1", "fit@2"))
    both = found.measures["both"]
    assert (both["swap"], both["mean_move"]) == (0, 0)
    assert both["rank_correlation"] == pytest.approx(1)
    assert found.moves == []


def test_who_enters_and_leaves_at_a_threshold_is_counted() -> None:
    """At 50 one lead enters, one leaves, and the swap is two in four."""
    frames = [results("1", [60, 40, 10, 90]), results("2", [40, 60, 10, 90])]
    found = compare(pair(frames, "fit@1", "fit@2"), Cut(score=50))
    assert (found.entered, found.left, found.measures["both"]["swap"]) == (1, 1, 0.5)


def test_ties_at_the_edge_of_a_share_are_broken_alike_in_both_versions() -> None:
    """Where all scores are equal both versions choose the same leads."""
    frames = [results("1", [7] * 10), results("2", [8] * 10)]
    found = compare(pair(frames, "fit@1", "fit@2"), Cut(share=0.3))
    assert (found.chosen, found.entered, found.left) == ({"fit@1": 3, "fit@2": 3}, 0, 0)


def test_rank_correlation_of_a_reversed_order_is_minus_one() -> None:
    """A version that orders the leads the other way round has rank correlation -1."""
    frames = [results("1", [1, 2, 3]), results("2", [30, 20, 10])]
    assert compare(pair(frames, "fit@1", "fit@2")).measures["both"]["rank_correlation"] == pytest.approx(-1)


def test_labels_are_crossed_and_the_largest_moves_come_first() -> None:
    """Labels are counted one against the other; ten leads whose score moved most are told, largest first."""
    frames = [
        results("1", [float(n) for n in range(12)], ["A"] * 6 + ["B"] * 6),
        results("2", [3.0 * n for n in range(12)], ["A"] * 12),
    ]
    found = compare(pair(frames, "fit@1", "fit@2"))
    assert found.labels == {"A": {"A": 6}, "B": {"A": 6}}
    assert [move.record_id for move in found.moves[:2]] == ["011", "010"]
    assert len(found.moves) == 10


def test_failures_are_measured_of_each_version_over_the_pairs() -> None:
    """One error in four is an error rate of a quarter, and no part of the swap."""
    frames = [results("1", [1, 2, 3, 4]), results("2", [1, 2, 3, None])]
    found = compare(pair(frames, "fit@1", "fit@2"))
    assert found.measures["fit@2"]["error_rate"] == 0.25
    assert found.measures["both"]["swap"] == 0


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("error_rate<=active", False),
        ("error_rate<30%", True),
        ("swap<0.05", True),
        ("rank_correlation >= 0.99", True),
        ("pairs>100", False),
    ],
)
def test_a_gate_holds_or_not_by_the_measures(text: str, holds: bool) -> None:
    """A gate compares a measure of the candidate, or of both, with a number or the active version."""
    frames = [results("1", [1, 2, 3, 4]), results("2", [1, 2, 3, None])]
    assert read_gate(text).answer(compare(pair(frames, "fit@1", "fit@2"))).holds is holds


def test_what_cannot_be_told_does_not_hold() -> None:
    """Where nothing was scored by both, a gate on the swap fails rather than passes."""
    frames = [results("1", [None]), results("2", [None])]
    answer = read_gate("swap<1").answer(compare(pair(frames, "fit@1", "fit@2")))
    assert (answer.holds, answer.got) == (False, None)


@pytest.mark.parametrize("text", ["", "swap", "swap<", "swap<active", "swaps<1", "swap=1", "swap<1;2"])
def test_what_is_no_gate_is_refused(text: str) -> None:
    """A condition that cannot be meant is refused before anything is read."""
    with pytest.raises(InputError, match="gate"):
        read_gate(text)


def test_the_best_of_a_few_leads_is_chosen_as_well() -> None:
    """A tenth of three leads is one, so that a gate on who is chosen sees that it is another."""
    found = compare(pair([results("1", [3, 2, 1]), results("2", [1, 2, 3])], "fit@1", "fit@2"))
    assert (found.chosen, found.entered, found.left) == ({"fit@1": 1, "fit@2": 1}, 1, 1)
    assert not read_gate("swap<0.05").answer(found).holds


def test_a_threshold_that_nobody_reaches_tells_nothing_of_who_is_chosen() -> None:
    """A gate on a threshold in another unit than the scores does not hold, rather than always."""
    found = compare(pair([results("1", [0.3, 0.2]), results("2", [0.2, 0.3])], "fit@1", "fit@2"), Cut(score=60))
    assert (found.measures["both"]["swap"], read_gate("swap<0.05").answer(found).holds) == (None, False)
