"""Facts about ONNX models of the bank's clients: mlsm's scores are onnxruntime's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray
from tests.runtimes.boosters import active, by_record, farthest, frame_of, predictor_of, some_records
from tests.runtimes.onnx.conftest import Fitted

import mlsm
from mlsm._model import ArtefactModel
from mlsm.service.preparing import prepared
from mlsm.testing import check_runtime

SINGLE_PRECISION = 1e-6
SPLIT_SLACK = 1e-6


@pytest.fixture(scope="module", params=["logistic", "zipped", "forest", "economy"])
def fitted(request: pytest.FixtureRequest) -> Fitted:
    """Give a fitted model and its file."""
    found: Fitted = request.getfixturevalue(request.param)
    return found


def model_of(fitted: Fitted, **told: Any) -> ArtefactModel:
    """Load a model; a matrix's columns are declared, in their order."""
    matrix = None if (fitted.estimator is None) or "job" in fitted.rows else dict.fromkeys(fitted.rows, float)
    return active(fitted.path, fields=matrix, **told)


def own_answer(fitted: Fitted) -> NDArray[np.float64]:
    """Ask onnxruntime itself about every client."""
    session = onnxruntime.InferenceSession(fitted.path, providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()
    if len(inputs) == 1:
        feed: dict[str, Any] = {inputs[0].name: fitted.rows.to_numpy(np.float32)}
    else:
        kinds = {one.name: object if "string" in one.type else np.float32 for one in inputs}
        feed = {name: fitted.rows[[name]].to_numpy(kind) for name, kind in kinds.items()}
    answer = session.run([session.get_outputs()[1].name], feed)[0]
    return np.array([row["yes"] for row in answer]) if isinstance(answer, list) else answer[:, 1].astype(np.float64)


def handed(fitted: Fitted, model: ArtefactModel) -> pl.DataFrame:
    """Give the clients as the engine hands them over."""
    return frame_of(model, fitted.rows.astype(object).to_dict("list"))


def at_a_split(fitted: Fitted, rows: NDArray[np.int64]) -> set[int]:
    """Tell which rows hold a value that float32 cannot tell from a split of the forest."""
    found: set[int] = set()
    trees = [one.tree_ for one in getattr(fitted.estimator, "estimators_", ())]
    if not trees:
        return found
    for place in range(fitted.rows.shape[1]):
        splits = np.concatenate([tree.threshold[tree.feature == place] for tree in trees])
        values = fitted.rows.iloc[rows, place].to_numpy()[:, None]
        close = np.abs(values - splits[None, :]) <= SPLIT_SLACK * np.maximum(1.0, np.abs(splits))
        found |= set(rows[close.any(axis=1)].tolist())
    return found


def test_every_client_gets_the_score_of_onnxruntime(fitted: Fitted) -> None:
    """All clients of the file in one batch: equal to InferenceSession.run."""
    records = pl.DataFrame(fitted.rows.astype(object).to_dict("list")).with_row_index("id")
    scores = mlsm.score([model_of(fitted)], records, id=None).frame().get_column("score")
    assert {45_211, 41_188} >= {len(scores)}
    assert SINGLE_PRECISION > farthest(scores, own_answer(fitted))


def test_every_client_gets_it_alone(fitted: Fitted) -> None:
    """All clients of the file as records of their own: equal to InferenceSession.run."""
    model = model_of(fitted)
    scores = by_record(predictor_of(model), handed(fitted, model))
    assert len(fitted.rows) == len(scores)
    assert SINGLE_PRECISION > farthest(scores, own_answer(fitted))


def test_scikit_learn_says_the_same(fitted: Fitted) -> None:
    """Within 1e-5 of predict_proba, but for clients at a split, which are counted and named."""
    rows = fitted.rows if "job" in fitted.rows else fitted.rows.to_numpy()
    expected = fitted.estimator.predict_proba(rows)[:, 1]
    model = model_of(fitted)
    scores = np.asarray(predictor_of(model).columns(handed(fitted, model), None))
    far = np.flatnonzero(np.abs(scores - expected) > 1e-5)
    split = at_a_split(fitted, far)
    assert set(far.tolist()) == split, f"{len(far)} clients differ, {len(split)} of them at a split: {far[:20]}"
    assert 0.001 * len(fitted.rows) >= len(far), f"{len(far)} clients lie at a split: {far[:20]}"


def test_the_fast_way_to_one_record_is_in_use(fitted: Fitted) -> None:
    """The service has compared it with frames and kept it."""
    step = prepared(mlsm.Catalog([model_of(fitted)])).steps[0]
    assert step.predictor.single
    assert step.predictor.path.startswith("onnxruntime is asked about one record through tensors")


def test_the_runtime_keeps_its_promises(fitted: Fitted) -> None:
    """The public suite holds: holes, text for numbers, whole numbers, unseen text, batches of none and one."""
    check_runtime(lambda: model_of(fitted), some_records(fitted.rows, 20), tolerance=SINGLE_PRECISION)


def test_the_last_class_is_the_default(logistic: Fitted) -> None:
    """Without the option class the score is the probability of the last class, of which the range tells."""
    records = some_records(logistic.rows, 5)
    default, yes, no = (
        mlsm.score([active(logistic.path, **told)], records, id=None).frame().get_column("score")
        for told in ({}, {"class": "yes"}, {"class": "no", "scale": 100})
    )
    assert default.to_list() == yes.to_list()
    assert SINGLE_PRECISION > farthest(no / 100, 1 - yes)
    assert ((0.0, 1.0), (0.0, 100.0)) == (active(logistic.path).range, active(logistic.path, scale=100).range)


def test_one_record_needs_no_frame(forest: Fitted) -> None:
    """A number for one record is a plain float."""
    predictor = predictor_of(model_of(forest))
    assert float is type(predictor.record(*map(float, forest.rows.iloc[0])))
    assert pd.Series(predictor.record(*sample) for sample in predictor.samples).between(0, 1).all()
