"""The reasons of a points table as text: where every rule adds one number or nothing.

Their rank is known before any record is looked at, and an item is written once a rule
instead of once a record; that takes a quarter of the time of `engine/reasons`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlsm.contracts import Reasoned

__all__ = ["texts_of_points"]


def texts_of_points(found: Reasoned, points: tuple[float, ...], most: int, tail: Callable[[int], str]) -> pl.Series:
    """Write the reasons of each row, those of the greatest contribution first.

    Args:
        found: what was added; each of its columns holds 0 or the one number of `points`.
        points: that number, for each column.
        most: the most items a row.
        tail: writes a column's item of JSON behind its contribution.
    """
    numbers = np.asarray(points, dtype=np.float64) * found.factor + 0.0
    chosen, others = _chosen(found.contributions, numbers, most)
    spelled = pl.Series(numbers).cast(pl.String).to_list()
    items = [f'{{"contribution":{number}{tail(place)}' for place, number in enumerate(spelled)]
    first, further = pl.Series([*items, ""]), pl.Series([*(f",{item}" for item in items), ""])
    pieces = [(further if place else first).gather(each).alias(str(place)) for place, each in enumerate(chosen)]
    start = pl.Series([float(found.baseline) * found.factor]).cast(pl.String)[0]
    head = f'{{"approximate":{str(found.approximate).lower()},"baseline":{start},"items":['
    end = f',"scale":"{found.scale}"}}'
    if not others.any():
        rest = [pl.lit(f'],"other":0.0{end}')]
    else:
        rest = [pl.lit('],"other":'), pl.col("other").cast(pl.String), pl.lit(end)]
    frame = pl.DataFrame([pl.Series("other", others), *pieces])
    written = pl.concat_str(pl.lit(head), *(piece.name for piece in pieces), *rest)
    return frame.with_columns(written.alias("written")).get_column("written")  # a row each, also where all are alike


def _chosen(
    matrix: NDArray[np.float64], numbers: NDArray[np.float64], most: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Give for each place in the list the column that stands there, one beyond the last for none; and what is left."""
    rows, width = matrix.shape
    counts, others = np.zeros(rows, dtype=np.int32), np.zeros(rows)
    chosen = np.full((min(most, width), rows), width, dtype=np.int32)
    for column in np.argsort(-np.abs(numbers), kind="stable"):
        there = np.flatnonzero(matrix[:, column] != 0.0)  # of flags it is found several times as fast
        place = counts[there]
        counts[there] = place + 1
        full = place >= most
        if full.any():
            others[there[full]] += numbers[column]
            there, place = there[~full], place[~full]
        chosen[place, there] = column
    return chosen[: counts.max(initial=0)], others
