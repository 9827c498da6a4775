"""Pipelines of every build: each is scored as the library does, together and alone, and says on which way."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tests.runtimes.boosters import active, by_record, farthest, frame_of, predictor_of
from tests.runtimes.sklearn.bank import saved
from tests.runtimes.sklearn.leads import NUMBERS, TEXTS, leads, records, won, worth

from mlsm._guard import Raised, attempt

TOLERANCE = 1e-9
TABLES = "It is scored by tables made of its coefficients, one record and columns alike."
TREES = "Its trees are walked in plain Python; columns are scored by scikit-learn."
COMPILED = "Its preprocessing is compiled, and its "
WHOLE = "It is called on a table of one row, since "


def before(numbers: Any, texts: Any, **told: Any) -> ColumnTransformer:
    return ColumnTransformer([("numbers", numbers, NUMBERS), ("texts", texts, TEXTS)], **told)


def scaled(numbers: Any = None, **encoding: Any) -> ColumnTransformer:
    imputed = make_pipeline(SimpleImputer(), StandardScaler() if numbers is None else numbers)
    return before(imputed, OneHotEncoder(**{"handle_unknown": "ignore", **encoding}))


def coded() -> ColumnTransformer:
    return before("passthrough", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1))


ORDINAL = {"handle_unknown": "use_encoded_value", "unknown_value": np.nan, "encoded_missing_value": np.nan}
FILLED = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(drop="first"))

CLASSIFIERS: dict[str, tuple[Any, str]] = {
    "logistic": (make_pipeline(scaled(), LogisticRegression()), TABLES),
    "min and max": (make_pipeline(scaled(MinMaxScaler()), LogisticRegression()), TABLES),
    "greatest": (make_pipeline(scaled(MaxAbsScaler()), LogisticRegression()), TABLES),
    "robust": (make_pipeline(scaled(RobustScaler()), LogisticRegression()), TABLES),
    "clipped": (
        make_pipeline(scaled(MinMaxScaler(clip=True)), LogisticRegression()),
        f"{WHOLE}MinMaxScaler(clip=True) cuts off.",
    ),
    "one dropped": (make_pipeline(scaled(drop="first"), LogisticRegression()), TABLES),
    "rare together": (make_pipeline(scaled(min_frequency=110), LogisticRegression()), TABLES),
    "unknown is rare": (
        make_pipeline(scaled(min_frequency=110, handle_unknown="infrequent_if_exist"), LogisticRegression()),
        TABLES,
    ),
    "unknown refused": (make_pipeline(scaled(handle_unknown="error"), LogisticRegression()), TABLES),
    "dense": (make_pipeline(scaled(sparse_output=False), StandardScaler(), LogisticRegression()), TABLES),
    "text imputed": (make_pipeline(before(SimpleImputer(add_indicator=True), FILLED), LogisticRegression()), TABLES),
    "ordinal, imputed": (
        make_pipeline(before(SimpleImputer(), OrdinalEncoder(**ORDINAL)), SimpleImputer(), LogisticRegression()),
        TABLES,
    ),
    "mean of the target": (make_pipeline(before(SimpleImputer(), TargetEncoder()), LogisticRegression()), TABLES),
    "selected": (make_pipeline(scaled(), SelectKBest(k=4), LogisticRegression()), TABLES),
    "side by side": (
        make_pipeline(
            ColumnTransformer([("n", FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]), NUMBERS)]),
            SimpleImputer(),
            LogisticRegression(),
        ),
        TABLES,
    ),
    "by selector": (
        make_pipeline(
            make_column_transformer(
                (SimpleImputer(), make_column_selector(dtype_include="number")),
                (OneHotEncoder(), make_column_selector(dtype_exclude="number")),
            ),
            LogisticRegression(),
        ),
        TABLES,
    ),
    "remainder": (
        make_pipeline(
            ColumnTransformer([("t", OneHotEncoder(), TEXTS)], remainder=SimpleImputer()), LogisticRegression()
        ),
        TABLES,
    ),
    "cross-validated": (make_pipeline(scaled(), LogisticRegressionCV(cv=3)), TABLES),
    "searched": (
        GridSearchCV(make_pipeline(scaled(), LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}, cv=3),
        TABLES,
    ),
    "margins": (make_pipeline(scaled(), LinearSVC()), TABLES),
    "ridge": (make_pipeline(scaled(), RidgeClassifier()), TABLES),
    "stochastic": (make_pipeline(scaled(), SGDClassifier(loss="log_loss")), TABLES),
    "huber": (make_pipeline(scaled(), SGDClassifier(loss="modified_huber")), TABLES),
    "tree": (make_pipeline(scaled(), DecisionTreeClassifier()), TREES),
    "forest": (make_pipeline(coded(), RandomForestClassifier(20)), TREES),
    "boosted": (make_pipeline(scaled(), GradientBoostingClassifier(n_estimators=20)), TREES),
    "boosted exponentially": (
        make_pipeline(scaled(), GradientBoostingClassifier(n_estimators=20, loss="exponential")),
        TREES,
    ),
    "boosted from zero": (make_pipeline(scaled(), GradientBoostingClassifier(n_estimators=5, init="zero")), TREES),
    "histograms": (make_pipeline(coded(), HistGradientBoostingClassifier(max_iter=20)), TREES),
    "bayes": (make_pipeline(scaled(sparse_output=False), GaussianNB()), COMPILED),
    "machine": (make_pipeline(scaled(), SVC()), COMPILED),
    "polynomials": (make_pipeline(scaled(PolynomialFeatures()), LogisticRegression()), WHOLE),
    "components": (make_pipeline(scaled(PCA()), LogisticRegression()), WHOLE),
    "bins": (make_pipeline(scaled(KBinsDiscretizer(3)), LogisticRegression()), WHOLE),
    "neighbours": (make_pipeline(scaled(KNNImputer()), LogisticRegression()), WHOLE),
    "calibrated": (CalibratedClassifierCV(make_pipeline(scaled(), RandomForestClassifier(5)), cv=3), WHOLE),
    "stacked": (
        StackingClassifier(
            [
                ("a", make_pipeline(scaled(), LogisticRegression())),
                ("b", make_pipeline(coded(), DecisionTreeClassifier())),
            ],
            cv=3,
        ),
        WHOLE,
    ),
    "voted": (VotingClassifier([("a", make_pipeline(scaled(), LogisticRegression()))], voting="soft"), WHOLE),
    "one against the rest": (make_pipeline(scaled(), OneVsRestClassifier(LogisticRegression())), COMPILED),
}

REGRESSORS: dict[str, tuple[Any, str]] = {
    "least squares": (make_pipeline(scaled(), LinearRegression()), TABLES),
    "ridge": (make_pipeline(scaled(), Ridge()), TABLES),
    "exponential": (make_pipeline(scaled(), PoissonRegressor()), TABLES),
    "tree": (make_pipeline(scaled(), DecisionTreeRegressor()), TREES),
    "forest": (make_pipeline(scaled(), ExtraTreesRegressor(10)), TREES),
    "boosted": (make_pipeline(scaled(), GradientBoostingRegressor(n_estimators=10)), TREES),
    "histograms": (make_pipeline(coded(), HistGradientBoostingRegressor(max_iter=10)), TREES),
    "counts": (make_pipeline(coded(), HistGradientBoostingRegressor(max_iter=10, loss="poisson")), TREES),
    "of a logarithm": (
        TransformedTargetRegressor(make_pipeline(scaled(), Ridge()), func=np.log1p, inverse_func=np.expm1),
        WHOLE,
    ),
    "outliers": (make_pipeline(scaled(), IsolationForest(n_estimators=5)), COMPILED),
}


def answered(estimator: Any, frame: pd.DataFrame) -> Any:
    """Give the library's own answer."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found unknown categories")
        if hasattr(estimator, "predict_proba"):
            return estimator.predict_proba(frame)[:, -1]
        return (
            estimator.decision_function(frame) if hasattr(estimator, "decision_function") else estimator.predict(frame)
        )


def check(estimator: Any, target: Any, path: str, folder: Path) -> None:
    """Fit, save, load, and compare both paths with the library's answers, those to strange records too."""
    known = leads(holes=True).dropna(subset=["title"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fitting on little, which is not ours
        estimator.fit(known, target(known)) if target is not None else estimator.fit(known)
    model = active(saved(estimator, folder))
    predictor = predictor_of(model)
    assert predictor.path.startswith(path), predictor.path
    asked = known[:150]
    kept = asked[[name for name in asked.columns if name in model.inputs]]
    frame = frame_of(model, records(kept))
    expected = answered(estimator, asked)
    assert TOLERANCE > farthest(predictor.columns(frame, None), expected)
    assert TOLERANCE > farthest(by_record(predictor, frame), expected)
    strange = frame_of(model, list(predictor.samples))
    assert_alike(predictor, strange)


def assert_alike(predictor: Any, frame: Any) -> None:
    """Each row gets one answer by both paths, or both refuse it."""
    for row in range(frame.height):
        alone = attempt(predictor.record, *frame.row(row))
        together = attempt(predictor.columns, frame[row], None)
        assert isinstance(alone, Raised) == isinstance(together, Raised)
        if not isinstance(alone, Raised):
            assert type(alone) is float
            assert TOLERANCE > farthest([alone], together)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_is_scored_as_by_the_library(name: str, tmp_path: Path) -> None:
    """The probability of the last class, or the margin where there is none."""
    estimator, path = CLASSIFIERS[name]
    check(estimator, won, path, tmp_path)


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor_is_scored_as_by_the_library(name: str, tmp_path: Path) -> None:
    """The predicted value."""
    estimator, path = REGRESSORS[name]
    check(estimator, worth, path, tmp_path)
