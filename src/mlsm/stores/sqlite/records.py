"""The numbers that stand for records inside a store.

One statement asks for all ids of a part and hands back one row. A statement that hands out
a row an id would release and retake Python's interpreter lock for each, and beside a thread
that scores in Python every retaking can wait for five milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec
import polars as pl

__all__ = ["as_json", "find_record", "number_records"]


def find_record(db: sqlite3.Connection, record_id: str) -> int | None:
    """Give the number of one record, None where the store does not know it."""
    try:
        record_id.encode()
    except UnicodeEncodeError:
        return None  # a command line's argument may be no valid Unicode, an id always is
    found = db.execute("SELECT record FROM record WHERE record_id = ?", (record_id,)).fetchone()
    return None if found is None else int(found[0])


def number_records(db: sqlite3.Connection, record_ids: pl.Series) -> pl.Series:
    """Give the numbers of records, in their order; those that are new get the next ones."""
    # Asked for in the order of the index, so that each of its pages is read once.
    ids = pl.DataFrame({"id": record_ids, "row": range(len(record_ids))}).sort("id")
    known = _known(db, ids.get_column("id"))
    found = pl.DataFrame({"row": ids.get_column("row"), "number": known}, schema_overrides={"number": pl.Int64})
    numbers = found.sort("row").get_column("number")
    if numbers.null_count():
        # New numbers follow the input, so that what comes again in the same order lies together.
        first = _append(db, record_ids.filter(numbers.is_null()))
        numbers = numbers.fill_null(numbers.is_null().cum_sum() + (first - 1))
    return numbers


def as_json(values: Sequence[object]) -> str:
    """Write values as one JSON array, for `json_each`."""
    return msgspec.json.encode(values).decode()


def _known(db: sqlite3.Connection, record_ids: pl.Series) -> list[int | None]:
    """Look ids up; None where one is not known."""
    gathered = db.execute(
        """SELECT json_group_array(j.key), json_group_array(x.record)
        FROM json_each(?) j LEFT JOIN record x ON x.record_id = j.value""",
        (as_json(record_ids.to_list()),),
    ).fetchone()
    places = msgspec.json.decode(gathered[0], type=list[int])
    numbers = msgspec.json.decode(gathered[1], type=list[int | None])
    # SQLite promises no order of what it gathers.
    return (
        numbers
        if places == [*range(len(places))]
        else [number for _, number in sorted(zip(places, numbers, strict=True))]
    )


def _append(db: sqlite3.Connection, record_ids: pl.Series) -> int:
    """Store new ids under consecutive numbers; give the first."""
    first: int = db.execute("SELECT coalesce(max(record), 0) + 1 FROM record").fetchone()[0]
    db.execute(
        "INSERT INTO record (record, record_id) SELECT ? + key, value FROM json_each(?)",
        (first, as_json(record_ids.to_list())),
    )
    return first
