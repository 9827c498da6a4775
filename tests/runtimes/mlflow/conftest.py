"""Models saved by MLflow itself, once a session."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import onnx
import pandas as pd
import pytest
import xgboost
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.runtimes.boosters import read_bank

NUMBERS = ["age", "balance", "campaign"]
TEXTS = ["job", "marital"]
Save = Callable[..., Path]


@contextmanager
def unremarked() -> Iterator[None]:
    """Let MLflow, skl2onnx and what they import remark what they like of each other."""
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        yield


@pytest.fixture(scope="session")
def clients() -> pd.DataFrame:
    """Give some clients: numbers as floats, texts as text."""
    frame, _ = read_bank()
    return frame[NUMBERS + TEXTS].astype({**dict.fromkeys(NUMBERS, np.float64), **dict.fromkeys(TEXTS, str)})


@pytest.fixture(scope="session")
def took() -> Any:
    """Tell whether each took the deposit."""
    return read_bank()[1]


@pytest.fixture(scope="session")
def pipeline(clients: pd.DataFrame, took: Any) -> Pipeline:
    """Fit a logistic regression over numbers and texts."""
    encoder = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((StandardScaler(), NUMBERS), (encoder, TEXTS))
    return make_pipeline(columns, LogisticRegression(max_iter=500)).fit(clients[::9], took[::9])


@pytest.fixture(scope="session")
def booster(clients: pd.DataFrame, took: Any) -> lightgbm.Booster:
    """Fit LightGBM on the numbers."""
    data = lightgbm.Dataset(clients[NUMBERS][::3], took[::3])
    return lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 2}, data, 20)


@pytest.fixture(scope="session")
def xgb(clients: pd.DataFrame, took: Any) -> xgboost.XGBClassifier:
    """Fit XGBoost on the numbers."""
    return xgboost.XGBClassifier(n_estimators=20, n_jobs=2).fit(clients[NUMBERS][::3], took[::3])


@pytest.fixture(scope="session")
def save(tmp_path_factory: pytest.TempPathFactory) -> Save:
    """Save a model by one of MLflow's flavours, with the signature of a frame."""

    def saved(flavour: str, model: Any, rows: pd.DataFrame | None, answer: Any = None, **told: Any) -> Path:
        path = tmp_path_factory.mktemp(flavour) / "model"
        with unremarked():
            from importlib import import_module

            from mlflow.models import infer_signature

            signature = None if rows is None else infer_signature(rows, answer)
            argument = {"pyfunc": "python_model", "sklearn": "sk_model", "onnx": "onnx_model"}
            argument |= {"lightgbm": "lgb_model", "xgboost": "xgb_model"}
            given = {argument[flavour]: model, "path": str(path), "signature": signature, "pip_requirements": []}
            import_module(f"mlflow.{flavour}").save_model(**{**given, **told})
        return path

    return saved


@pytest.fixture(scope="session")
def converted(pipeline: Pipeline) -> Any:
    """Convert the pipeline to ONNX, a tensor a column."""
    types = [(name, FloatTensorType([None, 1])) for name in NUMBERS]
    types += [(name, StringTensorType([None, 1])) for name in TEXTS]
    with unremarked():
        made = to_onnx(pipeline, initial_types=types, options={"zipmap": False})
    return onnx.load_from_string(made.SerializeToString())
