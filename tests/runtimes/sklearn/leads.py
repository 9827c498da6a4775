"""A small table of leads: numbers with holes, whole numbers, flags and text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NUMBERS = ["employees", "visits"]
TEXTS = ["country", "title"]


def leads(rows: int = 400, *, holes: bool = False) -> pd.DataFrame:
    """Give leads; with holes, a tenth of the numbers and titles is missing."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "employees": rng.gamma(2.0, 100.0, rows).round(),
            "visits": rng.poisson(3.0, rows).astype(float),
            "country": rng.choice(["DE", "FR", "IT", "ES"], rows),
            "title": rng.choice(["CEO", "CTO", "intern"], rows),
        }
    )
    if holes:
        for name in ("employees", "visits", "title"):
            frame.loc[rng.random(rows) < 0.1, name] = np.nan
    return frame


def won(frame: pd.DataFrame) -> NDArray[np.str_]:
    """Give what became of each lead."""
    rng = np.random.default_rng(6)
    odds = frame["employees"].fillna(100) / 200 - frame["visits"].fillna(3) / 3 + (frame["country"] == "DE")
    return np.where(odds + rng.normal(size=len(frame)) > 0.3, "won", "lost")


def worth(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Give the worth of each lead, a positive number."""
    found: NDArray[Any] = (frame["employees"].fillna(100) / 100 + (frame["country"] == "FR") + 0.5).to_numpy()
    return found


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give leads as records; what is missing is None."""
    whole = frame.astype(object).where(frame.notna(), None)
    return [dict(row) for row in whole.to_dict("records")]
