"""scikit-learn's models of the bank's clients, fitted and converted once a session."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["age", "balance", "day", "campaign", "pdays", "previous"]
TEXTS = ["job", "marital", "education", "default", "housing", "loan", "contact", "month", "poutcome"]
FITTED_ROWS = 8_000


@dataclass(frozen=True)
class Fitted:
    """A model of scikit-learn's, its file, and the rows that it is asked about."""

    estimator: Any
    path: Path
    rows: pd.DataFrame


def read(name: str) -> pd.DataFrame:
    """Read one of the bank's files."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "data"
    folders = [Path(os.environ["MLSM_DATA"])] if "MLSM_DATA" in os.environ else [beside]
    found = [path for base in folders for path in (base / "bank-marketing" / name, base / name) if path.is_file()]
    if not found:
        pytest.skip(f"{name} is not here; name its folder with MLSM_DATA")
    return pd.read_csv(found[0], sep=";")


def convert(estimator: Any, types: list[Any], path: Path, **options: Any) -> Path:
    """Write an estimator as ONNX; what skl2onnx remarks on libraries of its own is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path.write_bytes(to_onnx(estimator, initial_types=types, options=options or None).SerializeToString())
    return path


@pytest.fixture(scope="session")
def bank() -> pd.DataFrame:
    """Give the clients, numbers as floats."""
    frame = read("bank-full.csv.gz")
    return frame.astype(dict.fromkeys(NUMBERS, np.float64))


@pytest.fixture(scope="session")
def pipeline(bank: pd.DataFrame) -> Any:
    """Fit a logistic regression over texts and numbers."""
    columns = ColumnTransformer(
        [("t", OneHotEncoder(handle_unknown="ignore"), TEXTS), ("n", StandardScaler(), NUMBERS)]
    )
    few = bank[:: len(bank) // FITTED_ROWS]
    return make_pipeline(columns, LogisticRegression(max_iter=500)).fit(few[NUMBERS + TEXTS], few["y"])


@pytest.fixture(scope="session")
def logistic(pipeline: Any, bank: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """Convert the pipeline: a tensor a column, probabilities as a matrix."""
    path = convert(pipeline, _types(), tmp_path_factory.mktemp("onnx") / "logistic.onnx", zipmap=False)
    return Fitted(pipeline, path, bank[NUMBERS + TEXTS])


@pytest.fixture(scope="session")
def zipped(pipeline: Any, bank: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """Convert the pipeline: a tensor a column, probabilities as a dict a record."""
    path = convert(pipeline, _types(), tmp_path_factory.mktemp("onnx") / "zipped.onnx", zipmap=True)
    return Fitted(pipeline, path, bank[NUMBERS + TEXTS])


@pytest.fixture(scope="session")
def forest(bank: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """Fit a forest on numbers and convert it: one matrix of floats."""
    return _forest(bank[NUMBERS], bank["y"], tmp_path_factory.mktemp("onnx") / "forest.onnx")


@pytest.fixture(scope="session")
def economy(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """Fit a forest on the other file's numbers, which are fractions under names with dots."""
    frame = read("bank-additional-full.csv.gz")
    numbers = frame.select_dtypes("number").astype(np.float64)
    return _forest(numbers, frame["y"], tmp_path_factory.mktemp("onnx") / "economy.onnx")


def _forest(rows: pd.DataFrame, took: pd.Series[Any], path: Path) -> Fitted:
    few = slice(None, None, len(rows) // FITTED_ROWS)
    estimator = RandomForestClassifier(40, max_depth=9, random_state=0).fit(rows[few].to_numpy(), took[few])
    convert(estimator, [("X", FloatTensorType([None, rows.shape[1]]))], path, zipmap=False)
    return Fitted(estimator, path, rows)


def _types() -> list[Any]:
    numbers = [(name, FloatTensorType([None, 1])) for name in NUMBERS]
    return [*numbers, *((name, StringTensorType([None, 1])) for name in TEXTS)]
