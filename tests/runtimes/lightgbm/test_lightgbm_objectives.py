"""Facts about what LightGBM was fitted for: which number is the score, and what its reasons are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from tests.runtimes.boosters import active, by_record, farthest, frame_of, linked, made_up, predictor_of

from mlsm.contracts import NoReasonsError
from mlsm.errors import DeclarationError

NAMES = ["first", "emp.var.rate", "third", "fourth"]
QUIET = {"verbosity": -1, "num_threads": 1, "seed": 1}


def fit(path: Path, rounds: int = 12, **told: Any) -> lgb.Booster:
    """Fit an objective on made-up numbers, and save."""
    columns, follows = made_up()
    objective = told.get("objective", "regression")
    if objective in ("binary", "cross_entropy", "cross_entropy_lambda"):
        follows = (follows > 1.5).astype(float)
    elif "multiclass" in objective or objective == "lambdarank":
        follows = np.digitize(follows, [1.0, 2.0]).astype(float) % told.get("num_class", 3)
    group = [len(follows) // 2] * 2 if objective == "lambdarank" else None
    data = lgb.Dataset(columns, follows, feature_name=NAMES, group=group)
    booster = lgb.train({**QUIET, **told}, data, rounds)
    booster.save_model(path)
    return booster


@pytest.mark.parametrize(
    ("told", "options", "expected"),
    [
        ({"objective": "binary"}, {}, lambda b, x: b.predict(x)),
        ({"objective": "binary"}, {"class": "0"}, lambda b, x: 1 - b.predict(x)),
        ({"objective": "binary"}, {"class": "won", "classes": ["lost", "won"]}, lambda b, x: b.predict(x)),
        ({"objective": "binary"}, {"output": "value"}, lambda b, x: b.predict(x, raw_score=True)),
        ({"objective": "binary"}, {"output": "value", "class": 0}, lambda b, x: -b.predict(x, raw_score=True)),
        ({"objective": "binary", "sigmoid": 0.3}, {"scale": 100}, lambda b, x: 100 * b.predict(x)),
        ({"objective": "binary", "boosting": "dart"}, {}, lambda b, x: b.predict(x)),
        ({"objective": "cross_entropy"}, {}, lambda b, x: b.predict(x)),
        ({"objective": "regression"}, {"scale": -2.0}, lambda b, x: -2 * b.predict(x)),
        ({"objective": "regression", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, {}, None),
        ({"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, {}, None),
        ({"objective": "regression", "zero_as_missing": True}, {}, lambda b, x: b.predict(x)),
        ({"objective": "lambdarank"}, {}, lambda b, x: b.predict(x)),
        ({"objective": "multiclassova", "num_class": 3}, {"class": "0"}, lambda b, x: b.predict(x)[:, 0]),
        ({"objective": "multiclass", "num_class": 2}, {"class": "0"}, lambda b, x: b.predict(x)[:, 0]),
        (
            {"objective": "multiclass", "num_class": 3},
            {"class": "1", "output": "value"},
            lambda b, x: b.predict(x, raw_score=True)[:, 1],
        ),
        (
            {"objective": "multiclass", "num_class": 3},
            {"class": "2", "scale": 100},
            lambda b, x: 100 * b.predict(x)[:, 2],
        ),
        ({"objective": "poisson"}, {"scale": 2}, lambda b, x: 2 * b.predict(x)),
        ({"objective": "tweedie"}, {}, lambda b, x: b.predict(x)),
    ],
)
def test_scores_and_reasons_are_those_of_lightgbm(tmp_path: Path, told: Any, options: Any, expected: Any) -> None:
    """Both paths give LightGBM's own number, and the reasons add up to it."""
    booster = fit(tmp_path / "model.txt", **told)
    model = active(tmp_path / "model.txt", **options)
    predictor, columns = predictor_of(model), made_up()[0]
    frame = frame_of(model, [[None if np.isnan(one) else one for one in row] for row in columns])
    scores = booster.predict(columns) if expected is None else expected(booster, columns)
    assert 1e-9 > farthest(predictor.columns(frame, None), scores)
    assert 1e-9 > farthest(by_record(predictor, frame), scores)
    assert 1e-6 > farthest(linked(predictor.explain(frame, None)), scores)
    shown = frame_of(model, list(predictor.samples))
    assert 0.0 == farthest(by_record(predictor, shown), predictor.columns(shown, None))


@pytest.mark.parametrize(
    "told",
    [
        {"objective": "regression", "reg_sqrt": True},
        {"objective": "regression", "linear_tree": True},
        {"objective": "cross_entropy_lambda"},
    ],
)
def test_where_no_sum_gives_the_score_there_are_no_exact_reasons(tmp_path: Path, told: Any) -> None:
    """Such a booster is scored, and leaves its reasons to be found otherwise."""
    booster = fit(tmp_path / "model.txt", **told)
    model = active(tmp_path / "model.txt")
    predictor, columns = predictor_of(model), np.nan_to_num(made_up()[0])
    frame = frame_of(model, columns)
    assert 1e-9 > farthest(by_record(predictor, frame), booster.predict(columns))
    with pytest.raises(NoReasonsError):
        predictor.explain(frame, None)


@pytest.mark.parametrize("options", [{}, {"output": "value"}])
def test_an_empty_frame_has_no_scores(tmp_path: Path, options: Any) -> None:
    """No rows give no scores and no reasons."""
    fit(tmp_path / "model.txt", objective="multiclass", num_class=2)
    model = active(tmp_path / "model.txt", **options)
    predictor = predictor_of(model)
    assert 0 == len(np.asarray(predictor.columns(frame_of(model, []), None)))
    assert (0, 4) == predictor.explain(frame_of(model, []), None).contributions.shape


@pytest.mark.parametrize(
    ("told", "options", "expected"),
    [
        ({"objective": "binary"}, {"class": "yes"}, r"The option class is 'yes'; the booster of .* has \['0', '1'\]"),
        (
            {"objective": "binary"},
            {"classes": ["a"]},
            "The option classes names 1 classes, but the booster of .* has 2",
        ),
        ({"objective": "regression"}, {"class": "1"}, "gives one number a row"),
        ({"objective": "regression"}, {"output": "probability"}, "is no classifier"),
        ({"objective": "multiclass", "num_class": 3}, {"class": "3"}, r"has \['0', '1', '2'\]"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, told: Any, options: Any, expected: str) -> None:
    """What there is is named."""
    fit(tmp_path / "model.txt", 2, **told)
    with pytest.raises(DeclarationError, match=expected):
        active(tmp_path / "model.txt", **options)


@pytest.mark.parametrize(
    ("told", "options", "expected"),
    [
        ({"objective": "binary"}, {}, (0.0, 1.0)),
        ({"objective": "binary"}, {"scale": -100}, (-100.0, 0.0)),
        ({"objective": "binary"}, {"output": "value"}, None),
        ({"objective": "regression"}, {}, None),
    ],
)
def test_a_probability_has_a_range(tmp_path: Path, told: Any, options: Any, expected: Any) -> None:
    """From 0 to the scale; a value has none."""
    fit(tmp_path / "model.txt", 2, **told)
    assert expected == active(tmp_path / "model.txt", **options).range
