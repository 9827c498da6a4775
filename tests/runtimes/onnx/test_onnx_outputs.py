"""Facts about which number of an ONNX model's outputs is the score."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from onnx import helper
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression
from tests.runtimes.boosters import active, frame_of, predictor_of
from tests.runtimes.onnx.conftest import Fitted, convert
from tests.runtimes.onnx.handmade import FLOAT, INT64, sharing, summing, write

import mlsm

PAIR = {"a": float, "b": float}
DRAWN = [(-2.0, 1.0), (0.0, 0.5), (3.0, -1.0), (0.5, 0.25)]


def both_ways(path: Path, rows: list[tuple[Any, ...]], **told: Any) -> list[float]:
    """Score rows in a frame, having seen that records alone get the same."""
    model = active(path, **told)
    predictor = predictor_of(model)
    scores = [float(score) for score in predictor.columns(frame_of(model, rows), None)]  # type: ignore[attr-defined]
    assert [predictor.record(*row) for row in rows] == pytest.approx(scores, abs=1e-6, nan_ok=True)
    return scores


def raw(path: Path) -> Path:
    """Convert a logistic regression that gives its decision function."""
    estimator = LogisticRegression().fit(DRAWN, [0, 1, 1, 0])
    types = [("X", FloatTensorType([None, 2]))]
    return convert(estimator, types, path, raw_scores=True, zipmap=False)


def several(path: Path) -> Path:
    """Write a model of two outputs of fractions, neither called a probability."""
    nodes = [helper.make_node("Neg", ["X"], ["less"]), helper.make_node("Exp", ["X"], ["more"])]
    shape = (FLOAT, [None, 1])
    return write(path, nodes, {"X": shape}, {"less": shape, "more": shape})


def test_an_only_output_is_the_value(tmp_path: Path) -> None:
    """One number a record is the score, without a range, times the scale."""
    path, told = summing(tmp_path / "m.onnx"), {"fields": {"a": float, "b": float, "c": float}}
    assert [14.0, 0.25] == both_ways(path, [(1.0, 2.0, 3.0), (0.0, 0.5, 0.0)], **told)
    assert [-140.0] == both_ways(path, [(1.0, 2.0, 3.0)], scale=-10, **told)
    assert active(path, **told).range is None


@pytest.mark.parametrize(("tensor", "expected"), [("less", -1.0), ("more", math.e)])
def test_an_output_is_chosen_by_name(tmp_path: Path, tensor: str, expected: float) -> None:
    """The option tensor names one of several."""
    assert [expected] == pytest.approx(both_ways(several(tmp_path / "m.onnx"), [(1.0,)], tensor=tensor))


def test_several_outputs_need_a_choice(tmp_path: Path) -> None:
    """Where nothing tells which output is the score, all are listed."""
    with pytest.raises(mlsm.DeclarationError, match=r"'less' \(tensor\(float\)\), 'more' \(tensor\(float\)\)"):
        active(several(tmp_path / "m.onnx"))


def test_the_hint_names_an_output_that_can_be_the_score(tmp_path: Path) -> None:
    """A classifier's label comes first, and is no number."""
    estimator = LogisticRegression().fit(DRAWN, ["no", "yes", "yes", "no"])
    path = convert(estimator, [("X", FloatTensorType([None, 2]))], tmp_path / "m.onnx", zipmap="columns")
    with pytest.raises(mlsm.DeclarationError, match="such as tensor = 'syes'"):
        active(path, fields=PAIR)


def test_an_unknown_output_is_refused(logistic: Fitted) -> None:
    """The message lists the outputs that exist."""
    with pytest.raises(mlsm.DeclarationError, match=r"no output 'margin' .* 'label' .* 'probabilities'"):
        active(logistic.path, tensor="margin")


@pytest.mark.parametrize("name", ["logistic", "zipped", "forest"])
def test_an_unknown_class_is_refused(request: pytest.FixtureRequest, name: str) -> None:
    """The message lists the classes that exist, which a matrix does not name but the file does."""
    with pytest.raises(mlsm.DeclarationError, match="no class 'maybe'; it has 'no', 'yes'"):
        active(request.getfixturevalue(name).path, **{"class": "maybe"})


def test_classes_without_names_are_counted(tmp_path: Path) -> None:
    """A softmax names no classes: they are chosen by their numbers, and a note says so."""
    path = sharing(tmp_path / "m.onnx")
    first, last = (both_ways(path, [(2.0, 1.0)], fields=PAIR, **told) for told in ({"class": "0"}, {}))
    assert [1 / (1 + math.exp(-1))] == pytest.approx(first)
    assert [1 / (1 + math.exp(1))] == pytest.approx(last)
    assert ("It does not name its classes; they are counted from 0.",) == active(path, fields=PAIR).notes
    with pytest.raises(mlsm.DeclarationError, match=r"does not name its classes.* a number from 0 to 1"):
        active(path, fields=PAIR, **{"class": "yes"})


def test_classes_may_be_whole_numbers(tmp_path: Path) -> None:
    """A class that is a number is named as text or as a number."""
    estimator = LogisticRegression().fit(DRAWN, [7, 9, 9, 7])
    path = convert(estimator, [("X", FloatTensorType([None, 2]))], tmp_path / "m.onnx", zipmap=True)
    expected = estimator.predict_proba(DRAWN)[:, 0].tolist()
    for named in (7, "7"):
        assert expected == pytest.approx(both_ways(path, DRAWN, fields=PAIR, **{"class": named}), abs=1e-6)


def test_shares_are_told_from_values(tmp_path: Path) -> None:
    """Two columns that do not add up to 1 are values: no range is claimed of them."""
    path = sharing(tmp_path / "m.onnx", softmax=False)
    assert active(path, fields=PAIR).range is None
    assert [-4.0] == both_ways(path, [(3.0, -4.0)], fields=PAIR)


def test_a_decision_function_is_the_value(tmp_path: Path) -> None:
    """A model converted with raw scores gives scikit-learn's decision function."""
    path = raw(tmp_path / "m.onnx")
    expected = LogisticRegression().fit(DRAWN, [0, 1, 1, 0]).decision_function(DRAWN).tolist()
    assert expected == pytest.approx(both_ways(path, DRAWN, fields=PAIR, output="value"), abs=1e-6)


def test_probabilities_have_no_value_before_them(logistic: Fitted) -> None:
    """A value is refused where the file gives probabilities alone."""
    with pytest.raises(mlsm.DeclarationError, match="probabilities alone, in 'probabilities'"):
        active(logistic.path, output="value")


def test_one_number_has_no_classes(tmp_path: Path) -> None:
    """No class can be chosen of one number a record."""
    with pytest.raises(mlsm.DeclarationError, match="one number a record"):
        active(summing(tmp_path / "m.onnx"), **{"class": "yes"})


def test_a_sum_in_single_precision_stays_within_the_range(tmp_path: Path) -> None:
    """A probability that float32 sums to a little over 1 is 1."""
    node = helper.make_node("Identity", ["X"], ["probability"])
    path = write(tmp_path / "m.onnx", [node], {"X": (FLOAT, [None, 1])}, {"probability": (FLOAT, [None, 1])})
    rows = [(1.0000002,), (-0.0000002,), (0.5,)]
    assert [1.0, 0.0, 0.5] == both_ways(path, rows, output="probability")


def test_an_output_may_be_flat_or_whole(tmp_path: Path) -> None:
    """A vector is one number a record; whole numbers are scores too."""
    node = helper.make_node("ArgMax", ["X"], ["Y"], axis=1, keepdims=0)
    path = write(tmp_path / "m.onnx", [node], {"X": (FLOAT, [None, 2])}, {"Y": (INT64, [None])})
    assert [0.0, 1.0] == both_ways(path, [(2.0, 1.0), (1.0, 2.0)], fields=PAIR)


def test_not_a_number_is_an_error(tmp_path: Path) -> None:
    """A logarithm of less than nothing fails that record alone, by both paths."""
    node = helper.make_node("Log", ["X"], ["Y"])
    path = write(tmp_path / "m.onnx", [node], {"X": (FLOAT, [None, 1])}, {"Y": (FLOAT, [None, 1])})
    records = [{"id": "1", "X": -1.0}, {"id": "2", "X": 1.0}]
    together = [result.outcome for result in mlsm.score([active(path)], records)]
    alone = [mlsm.score_one([active(path)], record)[0].outcome for record in records]
    assert [mlsm.Outcome.ERROR, mlsm.Outcome.OK] == together == alone
