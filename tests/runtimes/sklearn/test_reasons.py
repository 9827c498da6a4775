"""Reasons add up to the score: of coefficients, of trees, and of whatever has none that are exact."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, SGDClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from tests.runtimes.boosters import active, farthest, frame_of, linked, predictor_of
from tests.runtimes.sklearn.bank import piped, saved
from tests.runtimes.sklearn.leads import NUMBERS, TEXTS, leads, records, won, worth

import mlsm
from mlsm.contracts import NoReasonsError

DENSE = {"sparse_output": False}


def thirds(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Give each lead one of three classes."""
    found: NDArray[np.int64] = np.digitize(worth(frame), [1.5, 3]).astype(np.int64)
    return found


WITH_REASONS: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "logistic": (LogisticRegression(), won, {}, "log_odds"),
    "logistic, the first class": (LogisticRegression(), won, {"class": "lost", "scale": 100}, "log_odds"),
    "logistic, its margin": (LogisticRegression(), won, {"output": "value", "scale": -2}, "score"),
    "margins": (LinearSVC(), won, {}, "score"),
    "least squares": (LinearRegression(), worth, {"scale": 10}, "score"),
    "tree": (DecisionTreeClassifier(max_depth=5), won, {}, "score"),
    "forest": (RandomForestClassifier(10, max_depth=6), won, {"class": "lost", "scale": 100}, "score"),
    "forest of numbers": (ExtraTreesRegressor(10, max_depth=6), worth, {"scale": 2}, "score"),
    "boosted": (GradientBoostingClassifier(n_estimators=10), won, {"scale": 100}, "log_odds"),
    "boosted, the first class": (GradientBoostingClassifier(n_estimators=10), won, {"class": "lost"}, "log_odds"),
    "histograms": (HistGradientBoostingClassifier(max_iter=10), won, {}, "log_odds"),
    "histograms of numbers": (HistGradientBoostingRegressor(max_iter=10), worth, {"scale": 3}, "score"),
    "three classes": (LogisticRegression(), thirds, {"class": "1", "scale": 100}, "log_odds"),
    "three classes, each for itself": (SGDClassifier(loss="log_loss", random_state=1), thirds, {}, "log_odds"),
    "three classes, histograms": (HistGradientBoostingClassifier(max_iter=10), thirds, {"class": "0"}, "log_odds"),
    "exponential": (PoissonRegressor(), worth, {"scale": 3}, "score"),
    "counts": (HistGradientBoostingRegressor(max_iter=5, loss="poisson"), worth, {"scale": 2}, "score"),
}
WITHOUT: dict[str, tuple[Any, Any]] = {
    "clipped": (SGDClassifier(loss="modified_huber"), won),
    "three classes, boosted": (GradientBoostingClassifier(n_estimators=3), thirds),
}


def fitted(final: Any, target: Any) -> Any:
    frame = leads(holes=True)
    return piped(frame, final, **DENSE).fit(frame, target(frame))


@pytest.mark.parametrize("name", WITH_REASONS)
def test_reasons_add_up(name: str, tmp_path: Path) -> None:
    """link(baseline + contributions) x factor is the score, for leads with holes and unseen text too."""
    final, target, options, scale = WITH_REASONS[name]
    model = active(saved(fitted(final, target), tmp_path), **options)
    predictor = predictor_of(model)
    frame = frame_of(model, [*records(leads(100, holes=True)), *({**one, "title": "?"} for one in records(leads(20)))])
    reasons = predictor.explain(frame, None)
    assert scale == reasons.scale
    assert not reasons.approximate
    assert sorted([*NUMBERS, *TEXTS]) == sorted(reasons.fields)
    assert 1e-6 > farthest(linked(reasons), predictor.columns(frame, None))
    assert (0, 4) == predictor.explain(frame[:0], None).contributions.shape


@pytest.mark.parametrize("name", WITHOUT)
def test_what_no_sum_gives_has_no_exact_reasons(name: str, tmp_path: Path) -> None:
    """Links that cut off, and trees that shap does not read."""
    model = active(saved(fitted(*WITHOUT[name]), tmp_path))
    with pytest.raises(NoReasonsError):
        predictor_of(model).explain(frame_of(model, records(leads(5))), None)


def test_others_are_explained_by_ablation(tmp_path: Path) -> None:
    """A calibrated forest is asked again without each field, and says that this is approximate."""
    frame = leads()
    estimator = CalibratedClassifierCV(piped(frame, RandomForestClassifier(3)), cv=2).fit(frame, won(frame))
    model = active(saved(estimator, tmp_path))
    [result] = mlsm.score([model], [{**records(leads(1))[0], "id": "1"}], reasons=2)
    assert result.reasons is not None
    assert result.reasons.approximate


def test_a_declared_baseline_is_compared_with(tmp_path: Path) -> None:
    """Reasons of the baseline itself are nothing, and those of others are the difference."""
    plain = {"employees": 50.0, "visits": 2.0, "country": "FR", "title": "intern"}
    model = active(saved(fitted(LogisticRegression(), won), tmp_path), baseline=plain)
    frame = frame_of(model, [plain, {**plain, "country": "DE"}])
    reasons = predictor_of(model).explain(frame, None)
    assert 1e-12 > np.abs(reasons.contributions[0]).max()
    assert {"country"} == {reasons.fields[place] for place in np.flatnonzero(np.abs(reasons.contributions[1]) > 1e-12)}
    assert reasons.texts is not None
    assert "compared with FR" == reasons.texts[reasons.fields.index("country")]


WITHOUT_SHAP = """
import sys
sys.modules["shap"] = None
import mlsm
model = mlsm.load(sys.argv[1], name="fit", version="1", status="active")
lead = {"id": "1", "employees": 10, "visits": 1, "country": "DE", "title": "CEO"}
print([result.reasons.approximate for result in mlsm.score([model], [lead], reasons=3)])
"""


def test_without_shap_trees_are_explained_by_ablation(tmp_path: Path) -> None:
    """The extra is optional: reasons are approximate then."""
    path = saved(fitted(RandomForestClassifier(3, max_depth=3), won), tmp_path)
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_SHAP, str(path)], check=True, capture_output=True, text=True
    ).stdout
    assert "[True]" == told.strip()
