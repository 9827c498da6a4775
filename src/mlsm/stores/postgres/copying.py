"""Lanes as they were written, for another store; and the runs of another store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from mlsm.contracts import Reject, RunEntry, RunPlan, StoredLane
from mlsm.stores._blocks import unblocked
from mlsm.stores._keeping import refuse_other_plan
from mlsm.stores._lanes import lane_batch
from mlsm.stores._times import microseconds, moment
from mlsm.stores.postgres.frames import result_frame
from mlsm.stores.postgres.listing import OF_LANE, arrival

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["adopt", "list_lanes"]


def list_lanes(db: Database) -> Iterator[StoredLane]:
    """Yield every committed lane, by seq."""
    query = """SELECT l.seq, u.run_id, l.part, l.lane, l.first, l.as_of, l.scored_at
        FROM lane l JOIN run u ON u.run = l.run ORDER BY l.seq"""
    for seq, run_id, part, lane, first, as_of, scored_at in db.rows(query):
        stored = db.one("SELECT block FROM input WHERE seq = $1", seq)
        found = result_frame(db, f"{OF_LANE} ORDER BY r.record, r.place", seq)
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
                inputs=None if stored is None else unblocked(stored[0]),
            ),
            rejects=_rejects(db, seq),
        )


def adopt(db: Database, entry: RunEntry) -> None:
    """Take over a run of another store, without its counts and owned by nobody."""
    there = db.one("SELECT plan FROM run WHERE run_id = $1", entry.run_id)
    if there is not None:
        refuse_other_plan(entry, msgspec.json.decode(there[0], type=RunPlan))
        return
    db.rows(
        "INSERT INTO run (run_id, purpose, plan, state, started_at, report) VALUES ($1, $2, $3, $4, $5::bigint, $6)",
        entry.run_id,
        entry.plan.purpose,
        msgspec.json.encode(entry.plan).decode(),
        "interrupted" if entry.state == "open" else entry.state,
        microseconds(entry.started_at),
        msgspec.json.encode(entry.report, enc_hook=str).decode(),
    )
    if entry.finished_at is not None:
        finished = "UPDATE run SET finished_at = $1::bigint WHERE run_id = $2"
        db.rows(finished, microseconds(entry.finished_at), entry.run_id)


def _rejects(db: Database, seq: int) -> tuple[Reject, ...]:
    query = "SELECT source, row, line, record_id, reason FROM reject WHERE seq = $1 ORDER BY place"
    return tuple(
        Reject(source=source, row=row, line=line, record_id=record_id, reason=reason)
        for source, row, line, record_id, reason in db.rows(query, seq)
    )
