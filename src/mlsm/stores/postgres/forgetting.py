"""Who is forgotten: what goes, and the tombstone that stays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import polars as pl

from mlsm.contracts import Forgotten, Tombstones
from mlsm.stores._blocks import block, unblocked
from mlsm.stores._keeping import refuse_other_key
from mlsm.stores.postgres.reading import LANES_OF_RECORD
from mlsm.stores.postgres.records import find_record, storable

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["bury", "forget", "lift", "tombstones"]

_HELD = f"""SELECT w.seq FROM ({LANES_OF_RECORD}) w
    WHERE EXISTS (SELECT 1 FROM result WHERE seq = w.seq AND record = $1)"""  # noqa: S608 - constants
_COUNTED = "WITH gone AS ({} RETURNING 1) SELECT count(*) FROM gone"
_DISCOUNT = f"""UPDATE tally t SET results = t.results - c.results FROM (
        SELECT l.run, s.model, r.outcome, count(*) AS results FROM ({_HELD}) w JOIN lane l ON l.seq = w.seq
        JOIN result r ON r.seq = l.seq AND r.record = $1
        JOIN seat s ON s.roster = l.roster AND s.place = r.place GROUP BY 1, 2, 3
    ) c WHERE t.run = c.run AND t.model = c.model AND t.outcome = c.outcome"""  # noqa: S608 - constants
_FEWER = f"""UPDATE run u SET records = u.records - c.parts, forgotten = u.forgotten + c.parts FROM (
        SELECT l.run, count(*) AS parts FROM ({_HELD}) w JOIN lane l ON l.seq = w.seq WHERE l.first IS NULL GROUP BY 1
    ) c WHERE u.run = c.run"""  # noqa: S608 - constants
_FEWER_REJECTS = """UPDATE run u SET rejects = u.rejects - c.rejects FROM (
        SELECT l.run, count(*) AS rejects FROM reject j JOIN lane l ON l.seq = j.seq WHERE j.record_id = $1 GROUP BY 1
    ) c WHERE u.run = c.run"""


def tombstones(db: Database) -> Tombstones:
    """Read who was forgotten."""
    found = db.one("SELECT key FROM tombstone_key")
    if found is None:
        return Tombstones()
    return Tombstones(key=found[0], marks=frozenset(mark for (mark,) in db.rows("SELECT mark FROM tombstone")))


def bury(db: Database, others: Tombstones) -> None:
    """Take over the tombstones of another store."""
    refuse_other_key(tombstones(db), others)
    if others.key:
        _add(db, others, others.marks)


def forget(db: Database, record_id: str) -> Forgotten:
    """Leave a tombstone, and remove the record within the transaction of the caller."""
    stones = tombstones(db)
    stones = stones if stones.key else Tombstones.new()
    _add(db, stones, [stones.mark(record_id)])
    rejects = 0
    if storable(record_id):
        db.rows(_FEWER_REJECTS, record_id)
        rejects = _count(db, "DELETE FROM reject WHERE record_id = $1", record_id)
    record = find_record(db, record_id)
    if record is None:
        return Forgotten(rejects=rejects)
    inputs = _forget_inputs(db, record, record_id)
    db.rows(_DISCOUNT, record)
    db.rows("DELETE FROM tally WHERE results = 0")
    db.rows(_FEWER, record)
    own = f"record = $1 AND seq IN ({LANES_OF_RECORD})"
    kept = _count(db, f"DELETE FROM kept WHERE {own}", record)  # noqa: S608 - constants
    results = _count(db, f"DELETE FROM result WHERE {own}", record)  # noqa: S608 - constants
    db.rows("DELETE FROM pointer WHERE record = $1", record)
    db.rows("DELETE FROM record WHERE record = $1", record)
    return Forgotten(results=results, kept=kept, inputs=inputs, rejects=rejects)


def lift(db: Database, record_id: str) -> bool:
    """Remove a tombstone; tell whether there was one."""
    stones = tombstones(db)
    return bool(stones.key) and _count(db, "DELETE FROM tombstone WHERE mark = $1", stones.mark(record_id)) > 0


def _count(db: Database, statement: str, value: object) -> int:
    ((count,),) = db.rows(_COUNTED.format(statement), value)
    return int(count)


def _add(db: Database, stones: Tombstones, marks: Iterable[bytes]) -> None:
    db.rows("INSERT INTO tombstone_key (one, key) VALUES (1, $1) ON CONFLICT DO NOTHING", stones.key)
    for mark in marks:
        db.rows("INSERT INTO tombstone VALUES ($1) ON CONFLICT DO NOTHING", mark)


def _forget_inputs(db: Database, record: int, record_id: str) -> int:
    """Write the blocks of inputs that have a row of a record anew without it."""
    query = f"SELECT i.seq, i.block FROM ({LANES_OF_RECORD}) w JOIN input i ON i.seq = w.seq"  # noqa: S608 - built of our own texts, values are bound
    written = 0
    for seq, stored in db.rows(query, record):
        frame = unblocked(stored)
        left = frame.filter(pl.col("record_id") != record_id)
        if left.height < frame.height:
            db.rows("UPDATE input SET block = $1 WHERE seq = $2", block(left), seq)
            written += 1
    return written
