"""Many rows go into a table by few statements.

sqlite3's `executemany` releases and retakes Python's interpreter lock for every row; beside
a thread that scores in Python each retaking can wait for five milliseconds. One statement
with thousands of rows does so a few times.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["append"]

_PARAMETERS = 65_536
"""Parameters a statement, where SQLite takes so many (its usual limit is 32,766). More do not pay: the time
to prepare a statement grows faster than its length. A quarter of them makes a run of four parts a tenth quicker,
which need not prepare so long a one, and one of forty parts a quarter slower."""


def append(db: sqlite3.Connection, insert: str, seq: int, columns: Sequence[Sequence[object]]) -> None:
    """Append rows of one lane, given by columns.

    Args:
        db: the store.
        insert: `INSERT INTO … SELECT ?, … FROM w …`: the parameter is the seq, and `w` has
            the rows, with the columns `column1`, `column2` and so on.
        seq: the lane.
        columns: the columns, of equal length; there is no null in the first.
    """
    width, count = len(columns), len(columns[0])
    limit = min(_PARAMETERS, db.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER))
    most = 1 << ((limit - 1) // width).bit_length() - 1
    for start in range(0, count, most):
        stop = min(start + most, count)
        # Powers of two, so that few statements are prepared and kept: the last is filled up with nulls.
        rows = 1 << (stop - start - 1).bit_length()
        values: list[object] = [None] * (rows * width)
        for place, column in enumerate(columns):
            values[place : (stop - start) * width : width] = column[start:stop]
        values.append(seq)
        db.execute(_statement(insert, width, rows), values)


@lru_cache(maxsize=64)
def _statement(insert: str, width: int, rows: int) -> str:
    row = f"({', '.join('?' * width)})"
    return f"WITH w AS (VALUES {', '.join([row] * rows)}) {insert} WHERE w.column1 IS NOT NULL"
