"""Boosters that LightGBM fits on the bank's clients, once a session."""

from __future__ import annotations

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from tests.runtimes.boosters import FEW_COLUMNS, coded, read_bank

QUIET = {"verbosity": -1, "num_threads": 1, "seed": 1}


@pytest.fixture(scope="session")
def bank() -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Give the clients, text as categories, and whether each took the deposit."""
    return read_bank()


@pytest.fixture(scope="session")
def numbers_file(bank: tuple[pd.DataFrame, NDArray[np.int64]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit on numbers and codes, and save."""
    frame, took = bank
    path = tmp_path_factory.mktemp("lightgbm") / "numbers.txt"
    lgb.train({"objective": "binary", **QUIET}, lgb.Dataset(coded(frame), took), 60).save_model(path)
    return path


@pytest.fixture(scope="session")
def categories_file(bank: tuple[pd.DataFrame, NDArray[np.int64]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit on numbers and categories of text, and save."""
    frame, took = bank
    path = tmp_path_factory.mktemp("lightgbm") / "categories.txt"
    lgb.train({"objective": "binary", **QUIET}, lgb.Dataset(frame, took), 40).save_model(path)
    return path


@pytest.fixture(scope="session")
def few_columns_file(bank: tuple[pd.DataFrame, NDArray[np.int64]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit on few clients and columns, and save."""
    frame, took = bank
    path = tmp_path_factory.mktemp("lightgbm") / "few.txt"
    lgb.train({"objective": "binary", **QUIET}, lgb.Dataset(frame[FEW_COLUMNS][::9], took[::9]), 8).save_model(path)
    return path
