"""Rows are appended by few statements, none lost between two of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from mlsm.stores.sqlite.rows import append

INSERT = "INSERT INTO pair (seq, number, text) SELECT ?, column1, column2 FROM w"


def appended(count: int, limit: int) -> tuple[list[tuple[object, ...]], list[str]]:
    """Append rows to a table on a connection that takes so many parameters; give the rows and the statements."""
    statements: list[str] = []
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.execute("CREATE TABLE pair (seq, number, text)")
        db.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, limit)
        db.set_trace_callback(statements.append)
        texts = [None if number % 3 else str(number) for number in range(count)]
        append(db, INSERT, 9, [range(count), texts])
        db.set_trace_callback(None)
        return db.execute("SELECT * FROM pair ORDER BY rowid").fetchall(), statements


@given(count=st.integers(0, 70), limit=st.integers(3, 40))
def test_every_row_is_appended_once_and_in_order(count: int, limit: int) -> None:
    """Whatever the number of rows and the limit of parameters, the table has the rows."""
    rows, _ = appended(count, limit)
    assert [(9, number, None if number % 3 else str(number)) for number in range(count)] == rows


def test_many_rows_take_few_statements() -> None:
    """A statement takes thousands of rows, since each costs a wait beside a thread that computes in Python."""
    rows, statements = appended(50_000, 32_766)
    assert 50_000 == len(rows)
    assert 7 == len(statements)
