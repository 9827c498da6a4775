"""Who is forgotten: what goes, and the tombstone that stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import polars as pl

from mlsm.contracts import Forgotten, Tombstones
from mlsm.stores._blocks import block, unblocked
from mlsm.stores._keeping import refuse_other_key
from mlsm.stores.sqlite.records import find_record

__all__ = ["LANES_OF_RECORD", "bury", "forget", "lift", "tombstones"]

LANES_OF_RECORD = """
    SELECT seq FROM lane WHERE records = 1 AND low = :record
    UNION ALL
    SELECT seq FROM lane WHERE records > 1 AND low <= :record AND high >= :record
"""
"""The lanes that may hold a record: all that do, and large ones that do not."""

_HELD = f"""SELECT w.seq FROM ({LANES_OF_RECORD}) w
    WHERE EXISTS (SELECT 1 FROM result WHERE seq = w.seq AND record = :record)"""  # noqa: S608 - constants


def tombstones(db: sqlite3.Connection) -> Tombstones:
    """Read who was forgotten."""
    found = db.execute("SELECT key FROM tombstone_key").fetchone()
    if found is None:
        return Tombstones()
    return Tombstones(key=found[0], marks=frozenset(mark for (mark,) in db.execute("SELECT mark FROM tombstone")))


def bury(db: sqlite3.Connection, others: Tombstones) -> None:
    """Take over the tombstones of another store."""
    refuse_other_key(tombstones(db), others)
    if others.key:
        _add(db, others, others.marks)


def forget(db: sqlite3.Connection, record_id: str) -> Forgotten:
    """Leave a tombstone, and remove the record within the transaction of the caller."""
    stones = tombstones(db)
    stones = stones if stones.key else Tombstones.new()
    _add(db, stones, [stones.mark(record_id)])
    rejects = _forget_rejects(db, record_id)
    record = find_record(db, record_id)
    if record is None:
        return Forgotten(rejects=rejects)
    named = {"record": record}
    inputs = _forget_inputs(db, record, record_id)
    _discount(db, named)
    kept = db.execute(f"DELETE FROM kept WHERE record = :record AND seq IN ({LANES_OF_RECORD})", named).rowcount  # noqa: S608 - built of our own texts, values are bound
    results = db.execute(f"DELETE FROM result WHERE record = :record AND seq IN ({LANES_OF_RECORD})", named).rowcount  # noqa: S608 - built of our own texts, values are bound
    db.execute("DELETE FROM pointer WHERE record = ?", (record,))
    db.execute("DELETE FROM record WHERE record = ?", (record,))
    return Forgotten(results=results, kept=kept, inputs=inputs, rejects=rejects)


def lift(db: sqlite3.Connection, record_id: str) -> bool:
    """Remove a tombstone; tell whether there was one."""
    stones = tombstones(db)
    return (
        bool(stones.key) and db.execute("DELETE FROM tombstone WHERE mark = ?", (stones.mark(record_id),)).rowcount > 0
    )


def _add(db: sqlite3.Connection, stones: Tombstones, marks: Iterable[bytes]) -> None:
    db.execute("INSERT INTO tombstone_key (one, key) VALUES (1, ?) ON CONFLICT DO NOTHING", (stones.key,))
    db.executemany("INSERT INTO tombstone VALUES (?) ON CONFLICT DO NOTHING", [(mark,) for mark in marks])


def _discount(db: sqlite3.Connection, named: dict[str, int]) -> None:
    """Take the results of a record out of the counts of runs."""
    tallied = db.execute(
        f"""SELECT count(*), l.run, s.model, r.outcome FROM ({_HELD}) w JOIN lane l ON l.seq = w.seq
        JOIN result r ON r.seq = l.seq AND r.record = :record
        JOIN seat s ON s.roster = l.roster AND s.place = r.place GROUP BY l.run, s.model, r.outcome""",  # noqa: S608 - built of our own texts, values are bound
        named,
    ).fetchall()
    db.executemany("UPDATE tally SET results = results - ? WHERE run = ? AND model = ? AND outcome = ?", tallied)
    db.execute("DELETE FROM tally WHERE results = 0")
    parts = db.execute(
        f"SELECT count(*), l.run FROM ({_HELD}) w JOIN lane l ON l.seq = w.seq WHERE l.first IS NULL GROUP BY l.run",  # noqa: S608 - built of our own texts, values are bound
        named,
    ).fetchall()
    db.executemany("UPDATE run SET records = records - ?1, forgotten = forgotten + ?1 WHERE run = ?2", parts)


def _forget_rejects(db: sqlite3.Connection, record_id: str) -> int:
    try:
        record_id.encode()
    except UnicodeEncodeError:
        return 0
    counted = db.execute(
        "SELECT count(*), l.run FROM reject j JOIN lane l ON l.seq = j.seq WHERE j.record_id = ? GROUP BY l.run",
        (record_id,),
    ).fetchall()
    db.executemany("UPDATE run SET rejects = rejects - ? WHERE run = ?", counted)
    return db.execute("DELETE FROM reject WHERE record_id = ?", (record_id,)).rowcount


def _forget_inputs(db: sqlite3.Connection, record: int, record_id: str) -> int:
    """Write the blocks of inputs that have a row of a record anew without it."""
    written = 0
    query = f"SELECT i.seq, i.block FROM ({LANES_OF_RECORD}) w JOIN input i ON i.seq = w.seq"  # noqa: S608 - built of our own texts, values are bound
    for seq, stored in db.execute(query, {"record": record}).fetchall():
        frame = unblocked(stored)
        left = frame.filter(pl.col("record_id") != record_id)
        if left.height < frame.height:
            db.execute("UPDATE input SET block = ? WHERE seq = ?", (block(left), seq))
            written += 1
    return written
