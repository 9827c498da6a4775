"""What is old goes, save what some answer of now needs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from mlsm.contracts import Pruned
from mlsm.stores._blocks import block, unblocked
from mlsm.stores._times import microseconds
from mlsm.stores.postgres.ranking import CURRENT, SCORES, newest

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["prune"]

_TABLES = (
    "CREATE TEMP TABLE old (seq bigint PRIMARY KEY, first bigint NOT NULL) ON COMMIT DROP",
    "CREATE TEMP TABLE need (seq bigint NOT NULL, record bigint NOT NULL, PRIMARY KEY (seq, record)) ON COMMIT DROP",
)
_OLD = """
    INSERT INTO old SELECT l.seq, f.seq FROM lane f JOIN run u ON u.run = f.run
    JOIN lane l ON l.run = f.run AND l.part = f.part
    WHERE f.first IS NULL AND (u.state = 'finished' OR json_array_length(u.plan::json -> 'inputs') = 0)
"""
_GOOD = """
    SELECT DISTINCT ON (r.record, m.name) r.record, r.seq
    FROM lane l
    JOIN run u ON u.run = l.run AND u.purpose = 'live'
    JOIN result r ON r.seq = l.seq AND r.outcome = 0
    JOIN seat s ON s.roster = l.roster AND s.place = r.place AND s.status = 'active'
    JOIN model m ON m.model = s.model
    ORDER BY r.record, m.name, l.as_of DESC, l.seq DESC, s.place DESC
"""
"""The last good result of every record and name."""
_GONE = """{0}.seq IN (SELECT seq FROM old)
    AND NOT EXISTS (SELECT 1 FROM need n WHERE n.seq = {0}.seq AND n.record = {0}.record)"""


def prune(db: Database, keep_runs: int | None, before: datetime | None) -> Pruned:
    """Remove old results within the transaction of the caller."""
    for statement in _TABLES:
        db.rows(statement)
    query, values = _OLD, []
    if before is not None:
        values.append(microseconds(before))
        query += f" AND f.scored_at < ${len(values)}"
    if keep_runs is not None:
        values.append(keep_runs)
        query += f" AND u.run NOT IN (SELECT run FROM run ORDER BY run DESC LIMIT ${len(values)})"  # noqa: S608 - a number
    db.rows(query, *values)
    for needed in (newest(SCORES, "TRUE"), newest(CURRENT, "TRUE"), _GOOD):
        # What stays of old parts: of a record both lanes, where either is needed.
        db.rows(
            f"""INSERT INTO need SELECT other.seq, q.record FROM ({needed}) q
            JOIN old o ON o.seq = q.seq JOIN old other ON other.first = o.first ON CONFLICT DO NOTHING"""  # noqa: S608 - built of our own texts, values are bound
        )
    return _remove(db)


def _remove(db: Database) -> Pruned:
    results = db.rows(
        f"""SELECT l.run, count(*) FROM result JOIN lane l ON l.seq = result.seq
        WHERE {_GONE.format("result")} GROUP BY l.run"""  # noqa: S608 - constants
    )
    rejects = db.rows(
        "SELECT l.run, count(*) FROM old o JOIN reject j ON j.seq = o.seq JOIN lane l ON l.seq = o.seq GROUP BY l.run"
    )
    for table in ("result", "kept", "pointer"):
        db.rows(f"DELETE FROM {table} WHERE {_GONE.format(table)}")  # noqa: S608 - constants
    db.rows("DELETE FROM reject WHERE seq IN (SELECT seq FROM old)")
    db.rows("DELETE FROM arrival WHERE seq IN (SELECT seq FROM old) AND seq NOT IN (SELECT seq FROM need)")
    _cut_inputs(db)
    for run, count in (*results, *rejects):
        db.rows("UPDATE run SET pruned = pruned + $1 WHERE run = $2", count, run)
    runs = {run for run, _ in (*results, *rejects)}
    return Pruned(runs=len(runs), results=sum(n for _, n in results), rejects=sum(n for _, n in rejects))


def _cut_inputs(db: Database) -> None:
    for (seq,) in db.rows("SELECT i.seq FROM old o JOIN input i ON i.seq = o.seq"):
        query = "SELECT x.record_id FROM need n JOIN record x ON x.record = n.record WHERE n.seq = $1"
        needed = [record_id for (record_id,) in db.rows(query, seq)]
        ((stored,),) = db.rows("SELECT block FROM input WHERE seq = $1", seq)
        frame = unblocked(stored)
        left = frame.filter(pl.col("record_id").is_in(needed))
        if left.is_empty():
            db.rows("DELETE FROM input WHERE seq = $1", seq)
        elif left.height < frame.height:
            db.rows("UPDATE input SET block = $1 WHERE seq = $2", block(left), seq)
