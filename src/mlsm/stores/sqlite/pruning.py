"""What is old goes, save what some answer of now needs."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import polars as pl

from mlsm.contracts import Pruned
from mlsm.stores._blocks import block, unblocked
from mlsm.stores._times import microseconds
from mlsm.stores.sqlite.ranking import CURRENT, SCORES, newest

__all__ = ["prune"]

_TABLES = (
    "CREATE TEMP TABLE old (seq INTEGER PRIMARY KEY, first INTEGER NOT NULL, run INTEGER NOT NULL)",
    "CREATE INDEX temp.old_first ON old (first)",
    "CREATE TEMP TABLE failing (record INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE need (seq INTEGER NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (seq, record)) WITHOUT ROWID",
)
_OLD = """
    INSERT INTO old SELECT l.seq, f.seq, f.run FROM lane f JOIN run u ON u.run = f.run
    JOIN lane l ON l.run = f.run AND l.part = f.part
    WHERE f.first IS NULL
        AND (u.state = 'finished' OR json_array_length(u.plan, '$.inputs') = 0)
        AND (:before IS NULL OR f.scored_at < :before)
        AND (:runs IS NULL OR u.run NOT IN (SELECT run FROM run ORDER BY run DESC LIMIT :runs))
"""
_FAILING = f"""
    INSERT INTO failing SELECT DISTINCT w.record FROM ({newest(SCORES, "TRUE")}) w
    CROSS JOIN result r ON r.seq = w.seq AND r.record = w.record AND r.place = w.place
    WHERE w.nth = 1 AND r.outcome != 0
"""  # noqa: S608 - constants
"""Records of which a score is not good: what was good before is looked for. Of all others it is the score."""
_GOOD = """
    SELECT w.record, w.seq FROM (
        SELECT r.record, r.seq, row_number() OVER (
            PARTITION BY r.record, m.name ORDER BY l.as_of DESC, l.seq DESC, s.place DESC
        ) AS nth
        FROM lane l
        CROSS JOIN run u ON u.run = l.run AND u.purpose = 'live'
        CROSS JOIN result r ON r.seq = l.seq AND r.outcome = 0 AND +r.record IN (SELECT record FROM failing)
        CROSS JOIN seat s ON s.roster = l.roster AND s.place = r.place AND s.status = 'active'
        CROSS JOIN model m ON m.model = s.model
    ) w WHERE w.nth = 1
"""
"""Their last good results by name; each result is looked at once, whatever the number of lanes."""
_GONE = """seq IN (SELECT seq FROM old WHERE run = ?)
    AND NOT EXISTS (SELECT 1 FROM need n WHERE n.seq = {0}.seq AND n.record = {0}.record)"""


def prune(db: sqlite3.Connection, keep_runs: int | None, before: datetime | None) -> Pruned:
    """Remove old results within the transaction of the caller."""
    for statement in _TABLES:
        db.execute(statement)
    asked = {"runs": keep_runs, "before": None if before is None else microseconds(before)}
    db.execute(_OLD, asked)
    for rule in (SCORES, CURRENT):
        _need(db, f"SELECT record, seq FROM ({newest(rule, 'TRUE')}) WHERE nth = 1")  # noqa: S608 - constants
    db.execute(_FAILING)
    _need(db, _GOOD)
    pruned = _remove(db)
    for table in ("old", "need", "failing"):
        db.execute(f"DROP TABLE temp.{table}")
    return pruned


def _need(db: sqlite3.Connection, query: str) -> None:
    """Note what stays of old parts: of a record both lanes, where either is needed."""
    db.execute(
        f"""INSERT OR IGNORE INTO need SELECT other.seq, q.record FROM ({query}) q
        JOIN old o ON o.seq = q.seq JOIN old other ON other.first = o.first"""  # noqa: S608 - constants
    )


def _remove(db: sqlite3.Connection) -> Pruned:
    touched = results = rejects = 0
    for (run,) in db.execute("SELECT DISTINCT run FROM old").fetchall():
        own = db.execute(f"DELETE FROM result WHERE {_GONE.format('result')}", (run,)).rowcount  # noqa: S608 - built of our own texts, values are bound
        named = db.execute("DELETE FROM reject WHERE seq IN (SELECT seq FROM old WHERE run = ?)", (run,)).rowcount
        db.execute(f"DELETE FROM kept WHERE {_GONE.format('kept')}", (run,))  # noqa: S608 - built of our own texts, values are bound
        db.execute("UPDATE run SET pruned = pruned + ? WHERE run = ?", (own + named, run))
        touched, results, rejects = touched + bool(own or named), results + own, rejects + named
    db.execute(
        """DELETE FROM pointer WHERE seq IN (SELECT seq FROM old)
        AND NOT EXISTS (SELECT 1 FROM need n WHERE n.seq = pointer.seq AND n.record = pointer.record)"""
    )
    db.execute("DELETE FROM arrival WHERE seq IN (SELECT seq FROM old) AND seq NOT IN (SELECT seq FROM need)")
    _cut_inputs(db)
    return Pruned(runs=touched, results=results, rejects=rejects)


def _cut_inputs(db: sqlite3.Connection) -> None:
    for (seq,) in db.execute("SELECT i.seq FROM old o JOIN input i ON i.seq = o.seq").fetchall():
        query = "SELECT x.record_id FROM need n JOIN record x ON x.record = n.record WHERE n.seq = ?"
        needed = [record_id for (record_id,) in db.execute(query, (seq,))]
        frame = unblocked(db.execute("SELECT block FROM input WHERE seq = ?", (seq,)).fetchone()[0])
        left = frame.filter(pl.col("record_id").is_in(needed))
        if left.is_empty():
            db.execute("DELETE FROM input WHERE seq = ?", (seq,))
        elif left.height < frame.height:
            db.execute("UPDATE input SET block = ? WHERE seq = ?", (block(left), seq))
