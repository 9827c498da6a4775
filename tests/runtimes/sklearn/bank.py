"""The bank's clients, and pipelines as data scientists fit them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TARGET = "y"
UNKNOWN_BEFORE = "duration"
"""The length of the call is known only once it is over."""
FITTED_ROWS = 6_000


def read(name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Read one of the bank's files: the clients, and whether each took the deposit."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "data"
    folders = [Path(os.environ["MLSM_DATA"])] if "MLSM_DATA" in os.environ else [beside]
    found = [path for base in folders for path in (base / "bank-marketing" / name, base / name) if path.is_file()]
    if not found:
        pytest.skip(f"{name} is not here; name its folder with MLSM_DATA")
    frame = pd.read_csv(found[0], sep=";")
    return frame.drop(columns=[TARGET, UNKNOWN_BEFORE]), frame[TARGET]


def texts_of(frame: pd.DataFrame) -> list[str]:
    """Name the columns of text."""
    return list(frame.select_dtypes(exclude="number").columns)


def numbers_of(frame: pd.DataFrame) -> list[str]:
    """Name the columns of numbers."""
    return list(frame.select_dtypes("number").columns)


def piped(frame: pd.DataFrame, final: Any, **encoding: Any) -> Pipeline:
    """Make a pipeline: numbers imputed and scaled, text encoded."""
    encoder = OneHotEncoder(**{"handle_unknown": "ignore", **encoding})
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    before = ColumnTransformer([("numbers", numbers, numbers_of(frame)), ("texts", encoder, texts_of(frame))])
    return make_pipeline(before, final)


def saved(estimator: Any, folder: Path, name: str = "model") -> Path:
    """Save with skops."""
    path = folder / f"{name}.skops"
    skops.io.dump(estimator, path)
    return path


def rows_of(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Give the clients as columns of plain values."""
    columns: dict[str, list[Any]] = frame.astype(object).to_dict("list")
    return columns
