"""Lanes as they were written, for another store; and the runs of another store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from mlsm.contracts import Reject, RunEntry, RunPlan, StoredLane
from mlsm.stores._blocks import unblocked
from mlsm.stores._keeping import refuse_other_plan
from mlsm.stores._lanes import lane_batch
from mlsm.stores._times import microseconds, moment
from mlsm.stores.sqlite.frames import result_frame
from mlsm.stores.sqlite.listing import OF_LANE, arrival

__all__ = ["adopt", "list_lanes"]


def list_lanes(db: sqlite3.Connection) -> Iterator[StoredLane]:
    """Yield every committed lane, by seq."""
    query = """SELECT l.seq, u.run_id, l.part, l.lane, l.first, l.as_of, l.scored_at, i.block
        FROM lane l JOIN run u ON u.run = l.run LEFT JOIN input i ON i.seq = l.seq ORDER BY l.seq"""
    for seq, run_id, part, lane, first, as_of, scored_at, block in db.execute(query):
        found = result_frame(db, OF_LANE, [seq])
        arrived = arrival(db, [seq if first is None else first])
        if arrived is not None:
            found = found.join(arrived, on="record", how="left", maintain_order="left")
            found = found.sort("row", maintain_order=True).drop("row")
        yield StoredLane(
            run_id=run_id,
            seq=seq,
            part=part,
            lane=lane,
            batch=lane_batch(
                found.drop("record"),
                part=part,
                as_of=moment(as_of),
                scored_at=moment(scored_at),
                inputs=None if block is None else unblocked(block),
            ),
            rejects=_rejects(db, seq),
        )


def adopt(db: sqlite3.Connection, entry: RunEntry) -> None:
    """Take over a run of another store, without its counts and owned by nobody."""
    there = db.execute("SELECT plan FROM run WHERE run_id = ?", (entry.run_id,)).fetchone()
    if there is not None:
        refuse_other_plan(entry, msgspec.json.decode(there[0], type=RunPlan))
        return
    db.execute(
        "INSERT INTO run (run_id, purpose, plan, state, started_at, finished_at, report) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            entry.run_id,
            entry.plan.purpose,
            msgspec.json.encode(entry.plan).decode(),
            "interrupted" if entry.state == "open" else entry.state,
            microseconds(entry.started_at),
            None if entry.finished_at is None else microseconds(entry.finished_at),
            msgspec.json.encode(entry.report, enc_hook=str).decode(),
        ),
    )


def _rejects(db: sqlite3.Connection, seq: int) -> tuple[Reject, ...]:
    query = "SELECT source, row, line, record_id, reason FROM reject WHERE seq = ? ORDER BY place"
    return tuple(
        Reject(source=source, row=row, line=line, record_id=record_id, reason=reason)
        for source, row, line, record_id, reason in db.execute(query, (seq,))
    )
