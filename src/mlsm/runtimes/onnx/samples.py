"""Records of our own that an ONNX model is asked about when it is loaded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlsm._fields import Field
from mlsm._guard import Raised, attempt
from mlsm.runtimes.onnx.graph import Graph
from mlsm.runtimes.onnx.session import Opened
from mlsm.runtimes.onnx.tensors import Block, Tray

__all__ = ["samples_of", "try_one"]

_ROWS = 64
_SPLITS = 400
"""Splits looked at; those of the first trees stand for all."""
_CATEGORIES = 30

_REALS = (0.0, 1.0, 35.0, -1.0, 0.5, 1 / 3, 100.0, 999.0, -250.75, 40_000.0)
_WHOLES = (0, 1, 2, 35, 100)
_UNSEEN = ("", "unknown", "Zürich")


def samples_of(opened: Opened, tray: Tray) -> list[tuple[Any, ...]]:
    """Make records of typical values, of categories that the model knows and of values beside its splits."""
    columns = {}
    for block, fields in tray.parts:
        splits = opened.graph.thresholds(block.name, _SPLITS) if block.real else []
        for place, field in enumerate(fields):
            beside = [split for column, split in splits if column == place]
            columns[field.name] = _values(field, block, opened.graph, beside)
    lists = [columns[field.name] for field in tray.fields]
    return [tuple(_nth(values, row, place) for place, values in enumerate(lists)) for row in range(_ROWS)]


def try_one(opened: Opened, tray: Tray, without: str | None = None) -> Mapping[str, Any] | Raised:
    """Ask a model about one plain record; give its answers by output, or what it raised.

    Args:
        opened: the file.
        tray: its tensors.
        without: a field whose value is missing.
    """
    feed, write = tray.lane()
    plain = {field.name: _values(field, block, opened.graph, [])[0] for block, fields in tray.parts for field in fields}
    values = tuple(None if field.name == without else plain[field.name] for field in tray.fields)
    names = [one.name for one in opened.session.get_outputs()]

    def ask() -> dict[str, Any]:
        write(values)
        return dict(zip(names, opened.session.run(names, feed), strict=True))

    answered: Mapping[str, Any] | Raised = attempt(ask)
    return answered


def _nth(values: list[Any], row: int, place: int) -> Any:
    """Go round a list of values; the shift keeps columns of one length from pairing the same values always."""
    return values[(row + place * (row // len(values))) % len(values)]


def _around(split: float) -> list[float]:
    """Give a split and its neighbours in float32, which is what the trees see."""
    return [split, *(float(np.nextafter(np.float32(split), np.float32(end))) for end in (-math.inf, math.inf))]


def _values(field: Field, block: Block, graph: Graph, splits: list[float]) -> list[Any]:
    kind = field.kind
    if kind.name == "literal":
        values: list[Any] = list(kind.values)
    elif kind.name == "bool":
        values = [False, True]
    elif kind.name == "str":
        values = [*graph.categories(block.name)[:_CATEGORIES], *_UNSEEN]
    elif kind.name == "int":
        values = [*_WHOLES, *(math.floor(split) for split in splits), *(math.ceil(split) for split in splits)]
    else:
        values = [*_REALS, *(value for split in splits for value in _around(split))]
    return [*values, None] if field.nullable and field.default is None else values
