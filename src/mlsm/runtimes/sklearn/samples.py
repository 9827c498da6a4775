"""Records on which a quick way must agree with the library: where answers change, and where they surprise."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from mlsm.runtimes.sklearn.columns import Column
from mlsm.runtimes.sklearn.encoders import unseen_of
from mlsm.runtimes.sklearn.features import Features
from mlsm.runtimes.sklearn.tables import Source, Table

__all__ = ["samples_of"]

_PLAIN = (0.0, 1.0, -1.0, 0.5, 10.0, 1_000.0, -1_000.0)
_SPREADS = (0.0, 0.5, -0.5, 1.0, -1.0, 3.0, -3.0, 30.0)
_VALUES_MAX = 16
_SPLITS_MAX = 8
_OTHERS: dict[str, list[Any]] = {
    "bool": [True, False],
    "date": [date(2026, 1, 1)],
    "datetime": [datetime(2026, 1, 1, tzinfo=UTC)],
}


def samples_of(
    features: Features,
    table: Table,
    columns: Sequence[Column],
    *,
    limit: int,
    thresholds: Callable[[int], Sequence[float]] | None = None,
) -> tuple[tuple[Any, ...], ...]:
    """Give records: every value in a mixture once, then alone among ordinary ones.

    Args:
        features: what the estimator reads, with the categories it knows.
        table: the fields of each feature.
        columns: what its last step sees, as far as that is written down.
        limit: how many at most.
        thresholds: for a column's place, the numbers at which trees split.
    """
    grids: list[list[Any]] = [[None] for _ in table.fields]
    for place, (feature, source) in enumerate(zip(features.listed, table.sources, strict=True)):
        near = [*_around(place, columns), *_splits(place, columns, thresholds)]
        grids[source.place] = _grid(source, feature.values, near)
    draw = random.Random(0)  # noqa: S311 - the same records every time
    ordinary = [grid[0] for grid in grids]
    mixed_up = [draw.sample(grid, len(grid)) for grid in grids]
    together = [tuple(grid[turn % len(grid)] for grid in mixed_up) for turn in range(max(map(len, grids), default=0))]
    alone = [(*ordinary[:place], one, *ordinary[place + 1 :]) for place, grid in enumerate(grids) for one in grid]
    draw.shuffle(alone)
    return tuple(dict.fromkeys([tuple(ordinary), *together, *alone]))[:limit]


def _grid(source: Source, values: Sequence[Any], near: Iterable[float]) -> list[Any]:
    """List values of one field, an ordinary one first."""
    kind, empty = source.field.kind, [None] if source.field.nullable else []
    if kind.name in _OTHERS:
        return _OTHERS[kind.name] + empty
    if kind.name == "literal":
        return [*kind.values, *empty]
    if kind.name == "str":
        words = [str(value) for value in values]
        return [*_some(words, _VALUES_MAX), *empty, unseen_of(words)]
    numbers = [*_some([float(value) for value in values], _VALUES_MAX), *near, *_PLAIN]
    numbers += [unseen_of(values)] if values else []
    if kind.name == "int":
        return [*dict.fromkeys(round(number) for number in numbers), *empty]
    return [*dict.fromkeys(numbers), *empty]


def _some(values: Sequence[Any], limit: int) -> list[Any]:
    """Take some of many, evenly, the first and the last among them."""
    if len(values) <= limit:
        return list(values)
    return [values[turn * (len(values) - 1) // (limit - 1)] for turn in range(limit)]


def _around(place: int, columns: Sequence[Column]) -> list[float]:
    """Give the mean that a scaler took away, and numbers some deviations from it."""
    found: list[float] = []
    for column in columns:
        if column.place == place and column.table is None and column.steps:
            slope, offset = column.affine
            if slope:
                found += [(spread - offset) / slope for spread in _SPREADS]
    return found


def _splits(place: int, columns: Sequence[Column], thresholds: Callable[[int], Sequence[float]] | None) -> list[float]:
    """Give the numbers at which trees split, and their neighbours in single precision."""
    found: list[float] = []
    for number, column in enumerate(columns):
        if thresholds is None or column.place != place or column.table is not None:
            continue
        slope, offset = column.affine
        for split in _some(thresholds(number), _SPLITS_MAX) if slope else []:
            beside = [float(np.nextafter(np.float32(split), np.float32(way))) for way in (-np.inf, np.inf)]
            found += [(edge - offset) / slope for edge in (split, *beside)]
    return found
