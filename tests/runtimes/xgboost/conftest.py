"""Boosters that XGBoost fits on the bank's clients, once a session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from numpy.typing import NDArray
from tests.runtimes.boosters import FEW_COLUMNS, coded, read_bank

TOLD = {"objective": "binary:logistic", "nthread": 1, "seed": 1}


@pytest.fixture(scope="session")
def bank() -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Give the clients, text as categories, and whether each took the deposit."""
    return read_bank()


def fit(frame: pd.DataFrame, took: NDArray[np.int64], path: Path, rounds: int) -> Path:
    """Fit and save."""
    xgb.train(TOLD, xgb.DMatrix(frame, took, enable_categorical=True), rounds).save_model(path)
    return path


@pytest.fixture(scope="session")
def numbers_file(bank: tuple[pd.DataFrame, NDArray[np.int64]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit on numbers and codes, and save as JSON."""
    return fit(coded(bank[0]), bank[1], tmp_path_factory.mktemp("xgboost") / "numbers.json", 60)


@pytest.fixture(scope="session")
def categories_file(bank: tuple[pd.DataFrame, NDArray[np.int64]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit on numbers and categories of text, and save as UBJ."""
    return fit(bank[0], bank[1], tmp_path_factory.mktemp("xgboost") / "categories.ubj", 40)


@pytest.fixture(scope="session")
def few_columns_file(bank: tuple[pd.DataFrame, NDArray[np.int64]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit on few clients and columns, and save as UBJ."""
    path = tmp_path_factory.mktemp("xgboost") / "few.ubj"
    return fit(bank[0][FEW_COLUMNS][::9], bank[1][::9], path, 6)
