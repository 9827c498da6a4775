"""Models of scikit-learn's, fitted on the bank's clients once a session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from tests.runtimes.sklearn.bank import FITTED_ROWS, piped, read, saved


@dataclass(frozen=True)
class Fitted:
    """An estimator, its file, every client, and its own answer for each."""

    estimator: Any
    path: Path
    clients: pd.DataFrame
    expected: NDArray[np.float64]


@pytest.fixture(scope="session", params=["bank-full.csv.gz", "bank-additional-full.csv.gz"], ids=["full", "dotted"])
def data(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, pd.Series]:
    """Give the clients of one file; the columns of the other have dots in their names."""
    return read(request.param)


@pytest.fixture(scope="session")
def clients() -> tuple[pd.DataFrame, pd.Series]:
    """Give the 45,211 clients."""
    return read("bank-full.csv.gz")


def _fitted(final: Any, data: tuple[pd.DataFrame, pd.Series], folder: Path) -> Fitted:
    frame, took = data
    part = frame.sample(FITTED_ROWS, random_state=1).index
    estimator = piped(frame, final).fit(frame.loc[part], took[part])
    return Fitted(estimator, saved(estimator, folder), frame, estimator.predict_proba(frame)[:, 1])


@pytest.fixture(scope="session")
def logistic(data: tuple[pd.DataFrame, pd.Series], tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """Fit a logistic regression."""
    return _fitted(LogisticRegression(max_iter=1000), data, tmp_path_factory.mktemp("logistic"))


@pytest.fixture(scope="session")
def forest(data: tuple[pd.DataFrame, pd.Series], tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """Fit a random forest."""
    return _fitted(
        RandomForestClassifier(50, min_samples_leaf=10, random_state=0), data, tmp_path_factory.mktemp("forest")
    )


@pytest.fixture(scope="session", params=["logistic", "forest"])
def fitted(request: pytest.FixtureRequest, logistic: Fitted, forest: Fitted) -> Fitted:
    """Give either model, on either file."""
    return {"logistic": logistic, "forest": forest}[request.param]
