"""All that is held of one record."""

from __future__ import annotations

import sqlite3

import msgspec

from mlsm.contracts import HeldRow, Holdings
from mlsm.stores._blocks import unblocked
from mlsm.stores._held import input_values
from mlsm.stores.sqlite.forgetting import LANES_OF_RECORD
from mlsm.stores.sqlite.reading import past_results
from mlsm.stores.sqlite.records import find_record

__all__ = ["holdings"]

_KEPT = f"""SELECT u.run_id, l.part, k.kept FROM ({LANES_OF_RECORD}) w
    JOIN kept k ON k.seq = w.seq AND k.record = :record
    JOIN lane l ON l.seq = w.seq JOIN run u ON u.run = l.run ORDER BY l.seq"""  # noqa: S608 - constants
_INPUTS = f"""SELECT u.run_id, l.part, i.block FROM ({LANES_OF_RECORD}) w JOIN input i ON i.seq = w.seq
    JOIN lane l ON l.seq = w.seq JOIN run u ON u.run = l.run ORDER BY l.seq"""  # noqa: S608 - constants
_REJECTS = """SELECT u.run_id, l.part, j.source, j.row, j.line, j.record_id, j.reason FROM reject j
    JOIN lane l ON l.seq = j.seq JOIN run u ON u.run = l.run WHERE j.record_id = ? ORDER BY l.seq, j.place"""


def holdings(db: sqlite3.Connection, record_id: str) -> Holdings:
    """Gather results, kept columns, inputs and rejects of a record."""
    try:
        record_id.encode()
    except UnicodeEncodeError:
        return Holdings(record_id=record_id)  # a command line's argument may be no valid Unicode, an id always is
    named = {"record": find_record(db, record_id)}
    inputs = [
        HeldRow(run_id=run_id, part=part, values=values)
        for run_id, part, block in db.execute(_INPUTS, named)
        for values in input_values(unblocked(block), record_id)
    ]
    rejects = [
        HeldRow(
            run_id=run_id,
            part=part,
            values=dict(zip(("source", "row", "line", "record_id", "reason"), told, strict=True)),
        )
        for run_id, part, *told in db.execute(_REJECTS, (record_id,))
    ]
    return Holdings(
        record_id=record_id,
        results=tuple(past_results(db, record_id)),
        kept=tuple(
            HeldRow(run_id=run_id, part=part, values=msgspec.json.decode(kept))
            for run_id, part, kept in db.execute(_KEPT, named)
        ),
        inputs=tuple(inputs),
        rejects=tuple(rejects),
    )
