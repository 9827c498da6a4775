"""The two points tables as models of MLflow's: Python functions of one row, as people write them."""

from __future__ import annotations

from typing import Any

import mlflow.pyfunc
import pandas as pd
from benchmarks._fitted import TODAY


class Fit(mlflow.pyfunc.PythonModel):
    """The points table."""

    def predict(self, context: Any, model_input: pd.DataFrame) -> Any:  # type: ignore[override]  # noqa: ARG002 - MLflow's
        """Score row by row."""
        return model_input.apply(_fit, axis=1)


class Recency(mlflow.pyfunc.PythonModel):
    """The recency table."""

    def predict(self, context: Any, model_input: pd.DataFrame) -> Any:  # type: ignore[override]  # noqa: ARG002 - MLflow's
        """Score row by row."""
        return model_input.apply(_recency, axis=1)


def _fit(row: pd.Series) -> float:
    points = 30.0 if row["employees"] >= 5000 else 20.0 if row["employees"] >= 500 else 0.0
    points += 25.0 if row["revenue"] >= 500_000.0 else 0.0
    points += 15.0 if row["country"] in ("DE", "FR") else 0.0
    return points + (20.0 if row["industry"] == "software" else 0.0)


def _recency(row: pd.Series) -> float:
    return float(100.0 * 0.5 ** ((pd.Timestamp(TODAY) - row["last_visit"]).days / 30))
