"""Every classifier of scikit-learn's that can be fitted with its defaults loads from skops, and agrees."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.utils import all_estimators
from tests.runtimes.boosters import active, by_record, farthest, frame_of, predictor_of
from tests.runtimes.sklearn.bank import rows_of, saved

ROWS = 2_000
ASKED = 50
TOLERANCE = 1e-9

NOT_BY_DEFAULT = {
    "CategoricalNB": "its columns are whole numbers from 0",
    "ClassifierChain": "it answers several outputs",
    "FixedThresholdClassifier": "it needs an estimator",
    "MultiOutputClassifier": "it answers several outputs",
    "OneVsOneClassifier": "it needs an estimator",
    "OneVsRestClassifier": "it needs an estimator",
    "OutputCodeClassifier": "it needs an estimator",
    "SelfTrainingClassifier": "it needs an estimator",
    "StackingClassifier": "it needs estimators",
    "TunedThresholdClassifierCV": "it needs an estimator",
    "VotingClassifier": "it needs estimators",
}
CLASSIFIERS = dict(all_estimators("classifier"))
FITTED = sorted(CLASSIFIERS.keys() - NOT_BY_DEFAULT.keys())
SLOW = ["GaussianProcessClassifier"]
"""What takes as long to fit as all the others together."""


@pytest.fixture(scope="module")
def numbers() -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Give four columns of positive numbers, and a class that follows from them."""
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(np.abs(rng.normal(size=(ROWS, 4))), columns=["employees", "visits", "age", "open.rate"])
    odds = frame["employees"] - frame["visits"] + rng.normal(size=ROWS) * 0.5
    return frame, np.where(odds > 0, "won", "lost")


def test_there_are_enough() -> None:
    """At least thirty of them are fitted here."""
    assert 30 <= len(FITTED) - len(SLOW)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.chaos] * (name in SLOW)) for name in FITTED])
def test_a_classifier_loads_and_agrees(
    name: str, numbers: tuple[pd.DataFrame, np.ndarray[Any, Any]], tmp_path: Path
) -> None:
    """In a batch and one by one the score is the library's probability, or its margin where it has none."""
    frame, classes = numbers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fitting with defaults, which is not ours
        estimator = CLASSIFIERS[name]().fit(frame, classes)
    asked = frame[:ASKED]
    if hasattr(estimator, "predict_proba"):
        expected = estimator.predict_proba(asked)[:, 1]
    else:
        expected = estimator.decision_function(asked)
    model = active(saved(estimator, tmp_path))
    predictor = predictor_of(model)
    handed: pl.DataFrame = frame_of(model, rows_of(asked))
    assert TOLERANCE > farthest(predictor.columns(handed, None), expected)
    assert TOLERANCE > farthest(by_record(predictor, handed), expected)
    assert tuple(frame.columns) == model.inputs.names
