"""The bank's clients as boosters are fitted on them, and what tests of both kinds of booster ask."""

from __future__ import annotations

import math
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray

import mlsm
from mlsm._fields.dtypes import dtype_of
from mlsm._model import ArtefactModel
from mlsm.contracts import Predictor, Reasoned

FILE = "bank-full.csv.gz"
DOTTED = "bank-additional-full.csv.gz"
"""Its columns' names contain dots."""
TARGET = "y"
UNKNOWN_BEFORE = "duration"
"""The length of the call is known only once it is over."""
FEW_COLUMNS = ["age", "job", "balance", "housing"]
"""Enough for tests that load a model over and over."""


def read_bank(file: str = FILE) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Give the clients, text as categories, and whether each took the deposit."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folders = [Path(os.environ["MLSM_DATA"])] if "MLSM_DATA" in os.environ else [beside]
    found = [path for base in folders for path in (base / "bank-marketing" / file, base / file) if path.is_file()]
    if not found:
        pytest.skip(f"{file} is not here; name its folder with MLSM_DATA")
    frame = pd.read_csv(found[0], sep=";")
    took = (frame.pop(TARGET) == "yes").to_numpy().astype(np.int64)
    frame = frame.drop(columns=UNKNOWN_BEFORE)
    return frame.astype(dict.fromkeys(frame.select_dtypes(exclude="number").columns, "category")), took


def coded(frame: pd.DataFrame) -> pd.DataFrame:
    """Give categories by their codes, whole numbers where they are."""
    return frame.apply(lambda column: column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column)


def made_up(rows: int = 600) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give four columns of numbers with holes, and a positive number that follows from them."""
    rng = np.random.default_rng(7)
    columns = rng.normal(size=(rows, 4)).round(2)
    columns[rng.random((rows, 4)) < 0.1] = np.nan
    follows = np.abs(np.nan_to_num(columns) @ np.array([1.0, -2.0, 0.5, 0.0]) + rng.normal(size=rows) * 0.1) + 0.1
    return columns, follows


def active(path: Path, **told: Any) -> ArtefactModel:
    """Load a booster from its file."""
    made = mlsm.load(path, name="booster", version="1", status="active", **told)
    assert isinstance(made, ArtefactModel)
    return made


def predictor_of(model: ArtefactModel) -> Predictor:
    """Load the model's own runtime, without what the service puts around it."""
    made: Predictor = import_module(f"mlsm.runtimes.{model.kind}").load(model)
    return made


def frame_of(model: ArtefactModel, rows: Any) -> pl.DataFrame:
    """Make the frame that the engine hands over."""
    types = {field.name: dtype_of(field.kind) for field in model.inputs}
    return pl.DataFrame(rows, schema=types, orient="row")


def by_record(predictor: Predictor, frame: pl.DataFrame) -> NDArray[np.float64]:
    """Score every row of a frame as a record of its own."""
    return np.array([predictor.record(*row) for row in frame.iter_rows()])


def farthest(one: Any, other: Any) -> float:
    """Give the greatest difference, relative to the greater of the second and 1."""
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    return float(np.max(np.abs(one - other) / np.maximum(1.0, np.abs(other)), initial=0.0))


def linked(reasons: Reasoned) -> NDArray[np.float64]:
    """Add reasons up to the scores."""
    sums: NDArray[np.float64] = np.asarray(reasons.baseline + reasons.contributions.sum(axis=1))
    told = sums if reasons.scale == "score" else 1.0 / (1.0 + np.exp(-sums))
    return told * reasons.factor


def some_records(frame: pd.DataFrame, count: int = 40) -> list[dict[str, Any]]:
    """Give clients as records of plain values, spread over the file."""
    step = math.ceil(len(frame) / count)
    return [dict(row) for row in frame.iloc[::step].astype(object).to_dict("records")]
