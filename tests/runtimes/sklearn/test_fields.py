"""What an estimator tells of its fields, and what it cannot tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.runtimes.boosters import active, by_record, farthest, frame_of, predictor_of
from tests.runtimes.sklearn.bank import piped, saved
from tests.runtimes.sklearn.leads import NUMBERS, TEXTS, leads, records, won

from mlsm.errors import DeclarationError

TOLERANCE = 1e-9


def told(estimator: Any, folder: Path) -> dict[str, tuple[str, bool]]:
    """Give each field's kind, and whether it may be empty."""
    inputs = active(saved(estimator, folder)).inputs
    return {field.name: (str(field.kind), field.nullable) for field in inputs}


def test_only_what_an_imputer_or_encoder_takes_may_be_empty(tmp_path: Path) -> None:
    """Found out by asking: a scaler hands a hole on to the regression, which refuses it."""
    frame = leads()
    parts = [
        ("imputed", SimpleImputer(), ["employees"]),
        ("scaled", StandardScaler(), ["visits"]),
        ("ignored", OneHotEncoder(handle_unknown="ignore"), ["country"]),
        ("strict", OneHotEncoder(), ["title"]),
    ]
    estimator = make_pipeline(ColumnTransformer(parts), LogisticRegression(max_iter=1000)).fit(frame, won(frame))
    expected = {
        "employees": ("float", True),
        "visits": ("float", False),
        "country": ("str", True),
        "title": ("str", False),
    }
    assert expected == told(estimator, tmp_path)


def test_columns_that_are_dropped_are_no_fields(tmp_path: Path) -> None:
    """What no transformer reads is not asked for, and nobody misses it."""
    frame = leads()
    before = ColumnTransformer([("n", StandardScaler(), ["visits"]), ("t", OneHotEncoder(), ["country"])])
    estimator = make_pipeline(before, RandomForestClassifier(5)).fit(frame, won(frame))
    assert ["visits", "country"] == list(told(estimator, tmp_path))
    model = active(saved(estimator, tmp_path))
    handed = frame_of(model, records(frame[["visits", "country"]]))
    assert TOLERANCE > farthest(by_record(predictor_of(model), handed), estimator.predict_proba(frame)[:, 1])


def test_flags_and_numbered_categories(tmp_path: Path) -> None:
    """Categories that are flags make a flag; those that are numbers a number, looked up by value."""
    frame = leads().assign(day=np.arange(400) % 5, opted=np.arange(400) % 3 == 0)
    before = ColumnTransformer([("c", OneHotEncoder(handle_unknown="ignore"), ["day", "opted", "country"])])
    estimator = make_pipeline(before, LogisticRegression()).fit(frame, won(frame))
    kinds = {name: kind for name, (kind, _) in told(estimator, tmp_path).items()}
    assert {"day": "float", "opted": "bool", "country": "str"} == kinds
    model = active(saved(estimator, tmp_path))
    predictor = predictor_of(model)
    handed = frame_of(model, records(frame[["day", "opted", "country"]]))
    expected = estimator.predict_proba(frame)[:, 1]
    assert TOLERANCE > farthest(by_record(predictor, handed), expected)
    assert TOLERANCE > farthest(predictor.columns(handed, None), expected)


def test_encoders_within_estimators_of_estimators_are_found(tmp_path: Path) -> None:
    """A stack of pipelines tells its text columns as each of them does."""
    frame = leads()
    inner = [("a", piped(frame, LogisticRegression())), ("b", piped(frame, RandomForestClassifier(3)))]
    estimator = StackingClassifier(inner, cv=2).fit(frame, won(frame))
    assert dict.fromkeys(NUMBERS, ("float", True)) | dict.fromkeys(TEXTS, ("str", True)) == told(estimator, tmp_path)


def test_text_for_a_vectorizer_is_text(tmp_path: Path) -> None:
    """A column that is read word by word is a str that must be there."""
    frame = leads()
    before = ColumnTransformer([("words", TfidfVectorizer(), "title"), ("n", SimpleImputer(), NUMBERS)])
    estimator = make_pipeline(before, LogisticRegression(max_iter=5000)).fit(frame, won(frame))
    model = active(saved(estimator, tmp_path))
    assert ("str", False) == (str(model.inputs["title"].kind), model.inputs["title"].nullable)
    handed = frame_of(model, records(frame[["title", *NUMBERS]]))[list(model.inputs.names)]
    assert TOLERANCE > farthest(by_record(predictor_of(model), handed), estimator.predict_proba(frame)[:, 1])


def test_categories_of_pandas_are_text(tmp_path: Path) -> None:
    """A booster that takes pandas' categories itself is handed their text."""
    frame = leads().astype(dict.fromkeys(TEXTS, "category"))
    estimator = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype")
    estimator.fit(frame, won(frame))
    model = active(saved(estimator, tmp_path))
    assert {"float", "str"} == {str(field.kind) for field in model.inputs}
    handed = frame_of(model, records(leads()))
    assert TOLERANCE > farthest(predictor_of(model).columns(handed, None), estimator.predict_proba(frame)[:, 1])


def test_without_names_the_fields_are_declared_in_their_order(tmp_path: Path) -> None:
    """An estimator fitted on an array knows no names: fields are taken by position."""
    frame = leads()
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[NUMBERS].to_numpy(), won(frame))
    path = saved(estimator, tmp_path)
    with pytest.raises(DeclarationError, match="does not tell its fields"):
        active(path)
    model = active(path, fields={"head.count": float, "page views": float})
    handed = frame_of(model, frame[NUMBERS].to_numpy())
    expected = estimator.predict_proba(frame[NUMBERS].to_numpy())[:, 1]
    assert TOLERANCE > farthest(by_record(predictor_of(model), handed), expected)
    assert TOLERANCE > farthest(predictor_of(model).columns(handed, None), expected)
    with pytest.raises(DeclarationError, match="declares 1 fields, but its estimator was fitted on 2 columns"):
        predictor_of(active(path, fields={"employees": float}))


def test_declared_fields_may_be_narrower(tmp_path: Path) -> None:
    """Whole numbers for numbers, and required where the file would take a hole."""
    frame = leads()
    estimator = piped(frame, LogisticRegression()).fit(frame, won(frame))
    model = active(saved(estimator, tmp_path), fields={"visits": int})
    assert ("int", False) == (str(model.inputs["visits"].kind), model.inputs["visits"].nullable)
    whole = [{**record, "visits": int(record["visits"])} for record in records(frame)]
    handed = frame_of(model, whole)
    assert TOLERANCE > farthest(by_record(predictor_of(model), handed), estimator.predict_proba(frame)[:, 1])


@pytest.mark.parametrize("missing", [None, np.nan], ids=["None", "NaN"])
def test_a_hole_is_spelled_as_it_was_when_fitted(missing: Any, tmp_path: Path) -> None:
    """An encoder that saw None, and one that saw NaN, each meet their own again."""
    frame = pd.DataFrame({"country": pd.Series(["DE", missing, "FR", "DE"] * 50, dtype=object)})
    wins = np.arange(200) % 3 == 0
    estimator = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame, wins)
    model = active(saved(estimator, tmp_path))
    assert model.inputs["country"].nullable
    handed = frame_of(model, {"country": ["DE", None, "FR"]})
    expected = estimator.predict_proba(frame[:3])[:, 1]
    assert TOLERANCE > farthest(by_record(predictor_of(model), handed), expected)
    assert TOLERANCE > farthest(predictor_of(model).columns(handed, None), expected)
