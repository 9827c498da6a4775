"""Facts about what XGBoost was fitted for: which number is the score, and what its reasons are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from tests.runtimes.boosters import active, by_record, farthest, frame_of, linked, made_up, predictor_of

import mlsm
from mlsm.contracts import NoReasonsError
from mlsm.errors import DeclarationError, InputError
from mlsm.runtimes._xgboost_walk import edge_of

NAMES = ["first", "emp.var.rate", "third", "fourth"]
SINGLE = 1e-6
FLOAT32_MAX = float(np.finfo(np.float32).max)


def fit(path: Path, rounds: int = 12, **told: Any) -> xgb.Booster:
    """Fit an objective on made-up numbers, and save."""
    columns, follows = made_up()
    objective = told.get("objective", "reg:squarederror")
    if objective.startswith("binary") or objective == "reg:logistic":
        follows = (follows > 1.5).astype(float)
    elif objective.startswith("multi"):
        follows = np.digitize(follows, [1.0, 2.0]).astype(float) % told["num_class"]
    booster = xgb.train({"nthread": 1, "seed": 1, **told}, xgb.DMatrix(columns, follows, feature_names=NAMES), rounds)
    booster.save_model(path)
    return booster


def asked(booster: xgb.Booster, **wanted: Any) -> Any:
    """Ask XGBoost itself about the made-up numbers."""
    return booster.predict(xgb.DMatrix(made_up()[0], feature_names=NAMES), **wanted)


def softmax(margins: Any) -> Any:
    """Give each class's part."""
    powers = np.exp(margins.astype(float))
    return powers / powers.sum(axis=1, keepdims=True)


BINARY, THREE = {"objective": "binary:logistic"}, {"objective": "multi:softprob", "num_class": 3}
COMPILED = "It is scored by its trees as one Python function"


@pytest.mark.parametrize(
    ("told", "options", "expected"),
    [
        (BINARY, {}, asked),
        (BINARY, {"class": "0"}, lambda b: 1.0 - asked(b).astype(float)),
        (BINARY, {"class": "won", "classes": ["lost", "won"]}, asked),
        (BINARY, {"output": "value"}, lambda b: asked(b, output_margin=True)),
        (BINARY, {"output": "value", "class": 0}, lambda b: -asked(b, output_margin=True)),
        (BINARY | {"num_parallel_tree": 3, "subsample": 0.5}, {}, asked),
        ({"objective": "binary:logitraw"}, {}, asked),
        ({"objective": "reg:logistic"}, {"scale": 0.5}, lambda b: 0.5 * asked(b)),
        ({"objective": "reg:squarederror"}, {"scale": -2.0}, lambda b: -2.0 * asked(b)),
        ({"objective": "reg:squarederror", "base_score": 3.25}, {}, asked),
        ({"objective": "reg:absoluteerror"}, {}, asked),
        ({"objective": "multi:softprob", "num_class": 2}, {"class": "0"}, lambda b: asked(b)[:, 0]),
        ({"objective": "multi:softmax", "num_class": 2}, {}, lambda b: softmax(asked(b, output_margin=True))[:, 1]),
        (THREE, {"class": "1", "output": "value"}, lambda b: asked(b, output_margin=True)[:, 1]),
        (THREE, {"class": "2", "scale": 100}, lambda b: 100 * asked(b)[:, 2]),
        (
            {"objective": "multi:softmax", "num_class": 3},
            {"class": "0"},
            lambda b: softmax(asked(b, output_margin=True))[:, 0],
        ),
        ({"objective": "count:poisson"}, {"scale": 2}, lambda b: 2 * asked(b)),
        ({"objective": "reg:gamma"}, {}, asked),
    ],
)
def test_scores_and_reasons_are_those_of_xgboost(tmp_path: Path, told: Any, options: Any, expected: Any) -> None:
    """Both paths give XGBoost's own number, and the reasons add up to it."""
    booster = fit(tmp_path / "model.json", **told)
    model = active(tmp_path / "model.json", **options)
    predictor, scores = predictor_of(model), expected(booster)
    frame = frame_of(model, [[None if np.isnan(one) else one for one in row] for row in made_up()[0]])
    assert SINGLE > farthest(predictor.columns(frame, None), scores)
    assert SINGLE > farthest(by_record(predictor, frame), scores)
    assert SINGLE > farthest(linked(predictor.explain(frame, None)), scores)
    shown = frame_of(model, list(predictor.samples))
    assert SINGLE > farthest(by_record(predictor, shown), predictor.columns(shown, None))
    assert SINGLE > farthest(linked(predictor.explain(shown, None)), predictor.columns(shown, None))
    assert predictor.path.startswith(COMPILED)


@pytest.mark.parametrize(
    ("told", "options", "expected", "way"),
    [
        (
            {"objective": "binary:hinge"},
            {},
            asked,
            "It is scored by XGBoost's own prediction of one row, since the obj",
        ),
        (
            THREE | {"multi_strategy": "multi_output_tree", "tree_method": "hist"},
            {"class": "1", "output": "value"},
            lambda b: asked(b, output_margin=True)[:, 1],
            "It is scored by XGBoost's own prediction of one row, since its booster is no plain sum of trees",
        ),
    ],
)
def test_where_no_sum_gives_the_score_there_are_no_exact_reasons(
    tmp_path: Path, told: Any, options: Any, expected: Any, way: str
) -> None:
    """Such a booster is scored, and leaves its reasons to be found otherwise."""
    booster = fit(tmp_path / "model.json", **told)
    model = active(tmp_path / "model.json", **options)
    predictor, frame = predictor_of(model), frame_of(model, made_up()[0].tolist())
    assert SINGLE > farthest(predictor.columns(frame, None), expected(booster))
    assert SINGLE > farthest(by_record(predictor, frame), expected(booster))
    assert predictor.path.startswith(way)
    with pytest.raises(NoReasonsError):
        predictor.explain(frame, None)


def test_weighted_trees_know_their_categories(tmp_path: Path) -> None:
    """Text is a field of theirs as of other trees, and a file that leads nowhere is refused as damaged."""
    leads = pd.DataFrame({"country": pd.Categorical(["DE", "FR", "US", "DE"] * 25), "visits": range(100)})
    rows = xgb.DMatrix(leads, leads["country"] == "FR", enable_categorical=True)
    booster = xgb.train(BINARY | {"booster": "dart", "rate_drop": 0.4}, rows, 4)
    booster.save_model(tmp_path / "model.json")
    model = active(tmp_path / "model.json")
    (result,) = mlsm.score_one([model], {"id": "1", "country": "FR", "visits": 1})
    assert float(booster.predict(rows)[1]) == pytest.approx(result.score, abs=SINGLE)
    damaged = json.loads((tmp_path / "model.json").read_text())
    damaged["learner"]["gradient_booster"]["gbtree"]["model"]["trees"][0]["left_children"][0] = 99
    (tmp_path / "model.json").write_text(json.dumps(damaged))
    with pytest.raises(InputError, match="or damaged: a node of tree 0 leads to 99"):
        active(tmp_path / "model.json")


@pytest.mark.parametrize(
    "told", [{"booster": "dart", "rate_drop": 0.4}, {"booster": "gblinear"}, {"max_depth": 0, "max_leaves": 200}]
)
def test_other_boosters_are_scored_too(tmp_path: Path, told: Any) -> None:
    """Weighted trees, linear boosters and trees that grow by the best leaf give XGBoost's number and reasons."""
    if "max_leaves" in told:
        told = told | {"grow_policy": "lossguide", "tree_method": "hist", "min_child_weight": 0}
    booster = fit(tmp_path / "model.ubj", **(BINARY | told))
    model = active(tmp_path / "model.ubj")
    predictor, frame = predictor_of(model), frame_of(model, np.nan_to_num(made_up()[0]).tolist())
    expected = booster.predict(xgb.DMatrix(np.nan_to_num(made_up()[0]), feature_names=NAMES))
    assert SINGLE > farthest(predictor.columns(frame, None), expected)
    assert SINGLE > farthest(by_record(predictor, frame), expected)
    assert SINGLE > farthest(linked(predictor.explain(frame, None)), expected)


@pytest.mark.parametrize("kind", [xgb.XGBClassifier, xgb.XGBRegressor])
def test_early_stopping_is_kept_as_the_library_keeps_it(tmp_path: Path, kind: Any) -> None:
    """What XGBClassifier saved is scored with the rounds that its predict_proba uses."""
    columns, follows = made_up()
    target = (follows > 1.5).astype(int) if kind is xgb.XGBClassifier else follows
    shuffled = np.random.default_rng(1).permutation(target)
    fitted = kind(n_estimators=40, early_stopping_rounds=3, n_jobs=1)
    fitted.fit(columns, target, eval_set=[(columns[:99], shuffled[:99])], verbose=False)
    fitted.save_model(tmp_path / "model.json")
    model = active(tmp_path / "model.json", fields=dict.fromkeys("abcd", float | None))
    predictor, frame = predictor_of(model), frame_of(model, columns.tolist())
    expected = fitted.predict_proba(columns)[:, 1] if kind is xgb.XGBClassifier else fitted.predict(columns)
    assert SINGLE > farthest(predictor.columns(frame, None), expected)
    assert SINGLE > farthest(by_record(predictor, frame), expected)
    assert SINGLE > farthest(linked(predictor.explain(frame, None)), expected)


@pytest.mark.parametrize("options", [{}, {"output": "value"}])
def test_an_empty_frame_has_no_scores(tmp_path: Path, options: Any) -> None:
    """No rows give no scores and no reasons."""
    fit(tmp_path / "model.json", objective="multi:softprob", num_class=2)
    model = active(tmp_path / "model.json", **options)
    predictor = predictor_of(model)
    assert 0 == len(np.asarray(predictor.columns(frame_of(model, []), None)))
    assert (0, 4) == predictor.explain(frame_of(model, []), None).contributions.shape


@pytest.mark.parametrize(
    ("told", "options", "expected"),
    [
        (BINARY, {"class": "yes"}, r"The option class is 'yes'; the booster of .* has \['0', '1'\]"),
        (BINARY, {"classes": ["a"]}, "The option classes names 1 classes, but the booster of .* has 2"),
        ({}, {"class": "1"}, "gives one number a row"),
        ({}, {"output": "probability"}, "is no classifier"),
        (THREE, {"class": "3"}, r"has \['0', '1', '2'\]"),
        ({"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.9]}, {}, "gives 2 numbers a row"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, told: Any, options: Any, expected: str) -> None:
    """What there is is named."""
    fit(tmp_path / "model.json", 2, **told)
    with pytest.raises(DeclarationError, match=expected):
        active(tmp_path / "model.json", **options)


@pytest.mark.parametrize(
    ("told", "options", "expected"),
    [
        (BINARY, {}, (0.0, 1.0)),
        (BINARY, {"scale": -100}, (-100.0, 0.0)),
        (BINARY, {"output": "value"}, None),
        ({}, {}, None),
    ],
)
def test_a_probability_has_a_range(tmp_path: Path, told: Any, options: Any, expected: Any) -> None:
    """From 0 to the scale; a value has none."""
    fit(tmp_path / "model.json", 2, **told)
    assert expected == active(tmp_path / "model.json", **options).range


@pytest.mark.parametrize("threshold", [0.0, 1.0, 0.1, -0.1, 1e-45, -1e-45, 1e-38, 3.4e38, -3.4e38, 58.5, 16777217.0])
def test_a_split_turns_where_rounding_to_float32_does(threshold: float) -> None:
    """Beside the edge, float64 compared with it decides as float32 compared with the threshold."""
    edge, split = edge_of(threshold), np.float32(threshold)
    below, above = np.nextafter(split, np.float32(-np.inf)), np.nextafter(split, np.float32(np.inf))
    near = [edge, np.nextafter(edge, -np.inf), np.nextafter(edge, np.inf), float(below), float(above), float(split)]
    values = [value for value in (*near, threshold, 0.0) if abs(value) <= FLOAT32_MAX]
    assert [bool(np.float32(value) < split) for value in values] == [bool(value < edge) for value in values]
