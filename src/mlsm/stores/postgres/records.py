"""The numbers that stand for records inside a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import polars as pl

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["as_json", "find_record", "number_records", "storable"]

_INCOMING = 'CREATE TEMP TABLE IF NOT EXISTS incoming (record_id text COLLATE "C", place bigint)'


def as_json(values: object) -> str:
    """Write values as JSON, for `json_array_elements` and its like."""
    return msgspec.json.encode(values).decode()


def storable(text: str) -> bool:
    """Tell whether a text can be an id: a command line's argument may be no valid Unicode, an id always is."""
    try:
        return "\x00" not in text and bool(text.encode())
    except UnicodeEncodeError:
        return False


def find_record(db: Database, record_id: str) -> int | None:
    """Give the number of one record, None where the store does not know it."""
    if not storable(record_id):
        return None
    found = db.one("SELECT record FROM record WHERE record_id = $1", record_id)
    return None if found is None else int(found[0])


def number_records(db: Database, record_ids: pl.Series) -> pl.Series:
    """Give the numbers of records, in their order; those that are new get the next ones."""
    if record_ids.is_empty():
        return pl.Series([], dtype=pl.Int64)
    incoming = pl.DataFrame({"record_id": record_ids.cast(pl.String)}).with_columns(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("place")
    )
    db.rows(_INCOMING)
    db.rows("TRUNCATE incoming")
    db.append("incoming", incoming, temporary=True)
    known = db.frame("SELECT i.place, r.record FROM incoming i JOIN record r ON r.record_id = i.record_id")
    numbers = (
        incoming.join(
            known.cast({"place": pl.Int64, "record": pl.Int64}), on="place", how="left", maintain_order="left"
        )
        .get_column("record")
        .alias("number")
    )
    if numbers.null_count():
        # New numbers follow the input, so that what comes again in the same order lies together.
        ((last,),) = db.rows("SELECT coalesce(max(record), 0)::bigint FROM record")
        fresh = numbers.is_null()
        numbers = numbers.fill_null(fresh.cum_sum().cast(pl.Int64) + last)
        made = pl.DataFrame({"record": numbers, "record_id": incoming.get_column("record_id")}).filter(fresh)
        db.append("record", made)
    return numbers
