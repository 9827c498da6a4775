"""Functions that answer anything a model may answer, chosen by what they are handed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

__all__ = ["FRAMES", "STYLES", "as_condition", "as_frame_function", "as_function", "token_of"]

FRAMES = {"polars": pl.DataFrame, "pandas": pd.DataFrame, "numpy": dict[str, np.ndarray], "pyarrow": pa.Table}
STYLES = ("scores", "table", "shuffled")
_SIDES = 24


class Grade(Enum):
    """A label as some people keep theirs."""

    TOP = "A"
    LOW = "C"


@dataclass
class Told:
    """An answer as an object."""

    score: float
    label: str | None
    note: Any


class UnspeakableError(Exception):
    """An exception that cannot even be shown."""

    def __str__(self) -> str:
        raise RuntimeError


def token_of(values: Any) -> int:
    """Give a number that depends on all that a function was handed, and on nothing else."""
    return crc32(repr(values).encode(errors="backslashreplace"))


def _junk(token: int) -> Any:
    found: tuple[Any, ...] = (
        math.nan, math.inf, True, 2**53 + 1, 10**400, {}, "text", b"", [], {"score": "7"}, {"score": True},
        {"score": 1.0, "note": math.nan}, {"label": "\ud800"}, {"label": "a\x00b"}, {"label": 7}, object(),
        {"score": 1.0, "note": "x" * 70_000}, {"score": 1.0, "note": 2**64}, {"score": 1.0, "note": {1j}},
        {"score": 1.0, "reasons": [{"field": "f"}]}, {"score": 10**400, "label": "A"}, Decimal("NaN"),
        np.float32("inf"),
    )  # fmt: skip
    return found[token % len(found)]


def _odd(token: int) -> Any:
    """Give a sound answer in an unusual form."""
    score = token % 1000 / 7
    found: tuple[Any, ...] = (
        Decimal(token % 1000), np.float64(score), np.int32(token % 99), np.float32(0.5), 2**53, -(2.0**60), -0.0,
        Told(score, "B", {"on": date(2026, 1, 1)}), {"label": Grade.TOP}, {"score": score, "note": (1, {2}, Grade.LOW)},
        {"score": None, "label": "B"}, {"score": score, "note": None}, {"note": datetime(2026, 1, 1, tzinfo=UTC)},
        {"score": np.float64(score), "note": np.array([1, 2])}, {"score": 5, "label": None, "deep": [[{"a": None}]]},
    )  # fmt: skip
    return found[token % len(found)]


def _raise(token: int) -> Any:
    found = (
        ValueError(f"no {token % 3}"),
        KeyError("k"),
        SystemExit(3),
        StopIteration(),
        RecursionError(),
        UnspeakableError(),
    )
    raise found[token % len(found)]


def respond(token: int) -> Any:
    """Answer for one record: mostly a score, sometimes anything else that a function may do."""
    side, score = token % _SIDES, (token >> 6) % 100_000 / 997
    plain: tuple[Any, ...] = (
        score, score, score, int(score), None, None, None, {"score": score, "label": "ABC"[token % 3]},
        {"score": score, "label": "AB"[token % 2]}, {"score": score, "note": {"z": [score, None, "ü"], "a": token}},
        {"score": score, "reasons": [{"field": "f0", "contribution": score / 2, "text": "half of it"}]},
    )  # fmt: skip
    if side < len(plain) + 4:
        return plain[side % len(plain)]
    if side < 18:
        return _raise(token >> 5)
    return _odd(token >> 5) if side < 21 else _junk(token >> 5)


def as_function(parameters: Sequence[str], salt: int, *, mutates: bool) -> Callable[..., Any]:
    """Make a function of these parameters that answers by what it is handed."""

    def answer(values: tuple[Any, ...]) -> Any:
        token = token_of((salt, [_seen(value) for value in values]))
        if mutates:
            for value in values:
                spoil(value)
        return respond(token)

    return _with_parameters(parameters, answer)


def as_condition(parameters: Sequence[str], salt: int) -> Callable[..., Any]:
    """Make a condition: it holds, it does not, it raises, or its answer has no truth."""

    def answer(values: tuple[Any, ...]) -> Any:
        token = token_of((salt, values))
        if token % 11 == 0:
            raise ValueError("no condition")
        return np.array([1, 2]) if token % 13 == 0 else (True, 1, "yes", False, None)[token % 5]

    return _with_parameters(parameters, answer)


def _with_parameters(parameters: Sequence[str], answer: Callable[[tuple[Any, ...]], Any]) -> Callable[..., Any]:
    listed = ", ".join(parameters)
    namespace: dict[str, Any] = {"answer": answer}
    exec(f"def fcn({listed}):\n    return answer(({listed}{',' if parameters else ''}))", namespace)  # noqa: S102
    function: Callable[..., Any] = namespace["fcn"]
    return function


def _seen(value: Any) -> Any:
    """Give what an upstream's result holds; anything else as it is."""
    if hasattr(value, "usable"):
        return (value.outcome.value, value.score, value.label, value.output, value.usable)
    return value


def spoil(value: Any) -> None:
    """Change all that can be changed."""
    if isinstance(value, dict):
        for inner in value.values():
            spoil(inner)
        value.clear()
    elif isinstance(value, list):
        for inner in value:
            spoil(inner)
        value.append("spoilt")
    elif hasattr(value, "tags"):
        value.tags.append("spoilt")
        value.name = "spoilt"
    elif hasattr(value, "output") and isinstance(value.output, dict):
        value.output.clear()


def as_frame_function(frame: str, style: str, salt: int, *, wants_as_of: bool, mutates: bool) -> Callable[..., Any]:
    """Make a function of a frame that answers row by row, in the frame's own manner.

    It raises as a whole where one row is to blame, as vectorised code does.
    """

    def answer(leads: Any, as_of: Any = None) -> Any:
        columns = {name: _listed(leads[name]) for name in _names(leads)}
        size = len(next(iter(columns.values()))) if columns else len(leads)
        rows = list(zip(*columns.values(), strict=True)) if columns else [()] * size
        tokens = [token_of((salt, row, as_of)) for row in rows]
        if any(token % 17 == 0 for token in tokens):
            raise ValueError("one of the rows")
        if mutates:
            _spoil_frame(leads, frame)
        return _in_manner_of(frame, style, tokens)

    def with_clock(leads: Any, as_of: Any) -> Any:
        return answer(leads, as_of)

    def without_clock(leads: Any) -> Any:
        return answer(leads)

    function = with_clock if wants_as_of else without_clock
    function.__annotations__ = {"leads": FRAMES[frame]}
    return function


def _names(leads: Any) -> list[str]:
    if isinstance(leads, dict):
        return list(leads)
    return list(leads.column_names if isinstance(leads, pa.Table) else leads.columns)


def _listed(column: Any) -> list[Any]:
    found: list[Any] = (
        column.to_pylist()
        if isinstance(column, pa.ChunkedArray)
        else column.tolist()
        if hasattr(column, "tolist")
        else column.to_list()
    )
    return found


def _spoil_frame(leads: Any, frame: str) -> None:
    for name in _names(leads):
        if frame == "pandas":
            for value in leads[name]:
                spoil(value)
            leads[name] = 0
        elif frame == "numpy":
            for value in leads[name].tolist():
                spoil(value)
            leads[name][:] = leads[name][:1]
        elif frame == "polars":
            leads.drop_in_place(name)


def _in_manner_of(frame: str, style: str, tokens: list[int]) -> Any:
    scores = [_batch_score(token) for token in tokens]
    labels = [("A", "B", None)[token % 3] for token in tokens]
    notes = [{"n": token % 5} if token % 4 else None for token in tokens]
    if frame == "pandas":
        index = range(len(tokens))
        if style == "scores":
            return pd.Series(scores, index=index, dtype="Float64")
        made = pd.DataFrame({"score": scores, "label": labels, "note": notes}, index=index)
        return made.iloc[::-1] if style == "shuffled" else made
    if style == "scores":
        made_of: dict[str, Callable[[list[Any]], Any]] = {
            "polars": lambda found: pl.Series(found, dtype=pl.Float64),
            "numpy": lambda found: np.array(found, dtype=object),
            "pyarrow": lambda found: pa.array(found, pa.float64()),
        }
        return made_of[frame](scores)
    table = {"score": scores, "label": labels, "note": notes}
    if frame == "polars":
        return pl.DataFrame(table, schema={"score": pl.Float64, "label": pl.String, "note": pl.Struct({"n": pl.Int64})})
    if frame == "pyarrow":
        return pa.table({"score": pa.array(scores, pa.float64()), "label": pa.array(labels, pa.string())})
    return {"score": np.array(scores, dtype=object), "label": np.array(labels, dtype=object)}


def _batch_score(token: int) -> float | None:
    side = token % _SIDES
    if side < 14:
        return (token >> 6) % 100_000 / 997
    return None if side < 20 else math.nan if side < 22 else 2.0**60
