"""Frames on their way to a worker and back: columns as Arrow, objects that Arrow has no type for beside them."""

from __future__ import annotations

import io
import pickle
from array import array
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from mlsm.contracts import Reasoned

__all__ = ["pack_reasons", "packed", "packed_answers", "plain_column", "reasons_of", "unpacked", "unpacked_frame"]


_PLAIN: dict[Any, str] = {pl.Float64(): "d", pl.Int64(): "q"}


def packed(frame: pl.DataFrame, as_of: datetime | None) -> bytes:
    """Pack what a model is handed."""
    objects = [name for name, dtype in frame.schema.items() if dtype == pl.Object]
    columns = {name: frame.get_column(name).to_list() for name in objects}
    return pickle.dumps((frame.columns, packed_answers(frame.drop(objects)), columns, as_of), protocol=4)


def unpacked_frame(body: bytes) -> tuple[pl.DataFrame, Any]:
    """Unpack what a model is handed; only a worker does, which trusts its parent."""
    names, arrow, objects, as_of = pickle.loads(body)  # noqa: S301 - from the parent
    found = unpacked(arrow)
    return found.with_columns(pl.Series(n, v, pl.Object) for n, v in objects.items()).select(names), as_of


def plain_column(column: Any) -> Any:
    """Give numbers as they lie in memory, which costs nothing to send; other values as a list.

    Example:
        >>> plain_column(pl.Series([1.5, 2.0])), plain_column(pl.Series(["a"]))
        (array('d', [1.5, 2.0]), ['a'])
    """
    if not isinstance(column, pl.Series):
        return column
    code = _PLAIN.get(column.dtype)
    if code is None or column.null_count():
        return column.to_list()
    numbers = array(code)
    numbers.frombytes(column.to_numpy().tobytes())
    return numbers


def packed_answers(frame: pl.DataFrame) -> bytes:
    """Write a frame as Arrow."""
    stream = io.BytesIO()
    frame.write_ipc(stream)
    return stream.getvalue()


def unpacked(arrow: bytes) -> pl.DataFrame:
    """Read a frame that was written as Arrow."""
    return pl.read_ipc(io.BytesIO(arrow))


def pack_reasons(found: Reasoned) -> tuple[dict[str, Any], bytes]:
    """Pack reasons: numbers as they lie in memory."""
    matrix = np.ascontiguousarray(found.contributions, dtype=np.float64)
    baselines = np.ascontiguousarray(found.baseline, dtype=np.float64)
    head = {
        "scale": found.scale,
        "fields": list(found.fields),
        "factor": float(found.factor),
        "texts": None if found.texts is None else list(found.texts),
        "approximate": found.approximate,
        "shape": list(matrix.shape),
        "each": baselines.ndim == 1,
    }
    return head, matrix.tobytes() + baselines.tobytes()


def reasons_of(head: dict[str, Any], body: bytes) -> Reasoned:
    """Unpack reasons."""
    rows, count = head["shape"]
    numbers = np.frombuffer(body, dtype=np.float64)
    texts = head["texts"]
    rest = numbers[rows * count :]
    return Reasoned(
        scale=head["scale"],
        fields=tuple(head["fields"]),
        contributions=numbers[: rows * count].reshape(rows, count),
        baseline=rest if head["each"] else float(rest[0]),
        factor=head["factor"],
        texts=None if texts is None else tuple(texts),
        approximate=head["approximate"],
    )
