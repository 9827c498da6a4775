"""MLflow's pyfunc: any model at all, asked with a pandas frame."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl

from mlsm._fields import Fields
from mlsm._fields.dtypes import dtype_of
from mlsm._guard import Raised, attempt
from mlsm._model import ArtefactModel
from mlsm.contracts import NoReasonsError, Predictor, Reasoned
from mlsm.errors import InputError
from mlsm.runtimes._options import Output, output_of
from mlsm.runtimes.mlflow.folder import Folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load_pyfunc"]

_NARROW = {"integer": "int32", "float": "float32"}
"""MLflow's types that are narrower than a field's; it takes no wider column for them."""


def load_pyfunc(folder: Folder, model: ArtefactModel) -> Predictor:
    """Load a model through MLflow, which runs its code.

    Raises:
        InputError: it cannot be loaded.
        ModuleNotFoundError: MLflow is not installed.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it would report each use to its makers
    loaded = attempt(_quiet, _quiet(_pyfunc).load_model, str(folder.path))
    if isinstance(loaded, Raised):
        raise InputError(
            f"The MLflow model {str(folder.path)!r} cannot be loaded: {loaded.failure.type}: {loaded.failure.message}",
            hint="Install what its requirements.txt lists.",
        ) from loaded.error
    return PyfuncPredictor(
        predict=loaded.predict, fields=model.inputs, types=folder.types, output=output_of(model.options)
    )


def _pyfunc() -> Any:
    import mlflow.pyfunc

    return mlflow.pyfunc


def _quiet(function: Any, *args: Any) -> Any:
    """Call MLflow; what it remarks on its own type hints and those of a model is not for people who score."""
    with warnings.catch_warnings(record=True):  # it sets filters of its own: to ignore is not enough
        warnings.simplefilter("ignore")
        return function(*args)


@dataclass(frozen=True, slots=True, kw_only=True)
class PyfuncPredictor:
    """A loaded pyfunc, and what its frame looks like."""

    predict: Any
    fields: Fields
    types: Mapping[str, str]
    output: Output
    by_row: bool = False
    single: bool = False
    path: str = "MLflow's pyfunc is asked with a frame of one row, since it takes nothing else."
    samples: Sequence[tuple[Any, ...]] = ()

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:  # noqa: ARG002 - the Protocol's
        """Ask with a pandas frame of the signature's types."""
        if not frame.height:
            return np.empty(0)
        loose = [name for name in self.types if name in frame.columns and frame.schema[name].is_integer()]
        holed = [name for name in loose if frame.get_column(name).null_count()]
        if not holed:
            return self._ask(frame, set())
        missing = np.column_stack([frame.get_column(name).is_null().to_numpy() for name in holed])
        patterns, which = np.unique(missing, axis=0, return_inverse=True)
        places = [np.flatnonzero(which == number) for number in range(len(patterns))]
        absent = [{name for name, hole in zip(holed, row, strict=True) if hole} for row in patterns]
        answers = [self._ask(frame[rows], names) for rows, names in zip(places, absent, strict=True)]
        return _in_order(answers, places)

    def record(self, *values: Any) -> object:
        """Ask with a frame of one row."""
        row = [
            pl.Series(field.name, [value], dtype_of(field.kind))
            for field, value in zip(self.fields, values, strict=False)
        ]
        return self.columns(pl.DataFrame(row), None)

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:  # noqa: ARG002 - the Protocol's
        """Refuse: code of any kind does not tell what each field added."""
        raise NoReasonsError

    def _ask(self, frame: pl.DataFrame, absent: set[str]) -> Any:
        """Ask about rows; MLflow knows no whole number that is missing, and takes the column's absence for it."""
        made = {
            field.name: _array(frame.get_column(field.name), self.types.get(field.name, ""))
            for field in self.fields
            if field.name not in absent
        }
        return self._read(self.predict(pd.DataFrame(made, index=range(frame.height))), frame.height)

    def _read(self, answered: Any, rows: int) -> Any:
        """Take the score, or the label, out of what a model of any kind answered."""
        if isinstance(answered, pd.DataFrame):
            names = [name for name in (self.output.tensor, self.output.target) if name in answered.columns]
            chosen = answered.columns[0] if len(answered.columns) == 1 else next(iter(names), None)
            if chosen is None and {"score", "label"} & set(answered.columns):
                return answered.reset_index(drop=True)
            if chosen is not None:
                answered = answered[chosen]
        found = np.asarray(answered)
        if found.ndim == 2 and len(found) == rows:
            found = found[:, self._place(found.shape[1])]
        if found.ndim == 1 and found.dtype.kind in "iufb":
            return found.astype(np.float64) * self.output.scale
        if found.ndim == 1 and len(found) == rows and all(isinstance(value, str) for value in found):
            return pd.DataFrame({"label": found.astype(object)})
        return answered

    def _place(self, width: int) -> int:
        target = self.output.target
        if target is None:
            return width - 1
        if target.isdecimal() and int(target) < width:
            return int(target)
        raise ValueError(f"The model answers with {width} columns; expected class to be a number below that.")


def _in_order(answers: Sequence[Any], places: Sequence[NDArray[np.int64]]) -> object:
    """Put the answers about several sets of rows together, in the order of the rows."""
    order = np.argsort(np.concatenate(places))
    if all(isinstance(answer, np.ndarray) for answer in answers):
        return np.concatenate(answers)[order]
    if all(isinstance(answer, pd.DataFrame) for answer in answers):
        return pd.concat(answers, ignore_index=True).iloc[order].reset_index(drop=True)
    raise TypeError("The model answers with neither numbers nor texts nor a frame.")


def _array(column: pl.Series, told: str) -> NDArray[Any]:
    """Give a column as MLflow's check of a signature takes it: a missing number is NaN, a missing text None."""
    if column.dtype == pl.Datetime:
        return column.dt.replace_time_zone(None).to_numpy().astype("datetime64[ns]")  # times without a zone are UTC
    if column.dtype.is_float() or (column.dtype.is_integer() and not column.null_count()):
        return column.to_numpy().astype(_NARROW.get(told, str(column.to_numpy().dtype)))
    if column.dtype == pl.Boolean and not column.null_count():
        return column.to_numpy()
    made = np.empty(len(column), object)
    made[:] = column.to_list()
    return made
