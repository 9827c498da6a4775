"""All that is held of one record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mlsm.contracts import HeldRow, Holdings
from mlsm.stores._blocks import unblocked
from mlsm.stores._held import input_values
from mlsm.stores.postgres.reading import LANES_OF_RECORD, past_results
from mlsm.stores.postgres.records import find_record, storable

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["holdings"]

_KEPT = f"""SELECT u.run_id, l.part, k.kept FROM ({LANES_OF_RECORD}) w
    JOIN kept k ON k.seq = w.seq AND k.record = $1
    JOIN lane l ON l.seq = w.seq JOIN run u ON u.run = l.run ORDER BY l.seq"""  # noqa: S608 - constants
_INPUTS = f"""SELECT u.run_id, l.part, i.block FROM ({LANES_OF_RECORD}) w JOIN input i ON i.seq = w.seq
    JOIN lane l ON l.seq = w.seq JOIN run u ON u.run = l.run ORDER BY l.seq"""  # noqa: S608 - constants
_REJECTS = """SELECT u.run_id, l.part, j.source, j.row, j.line, j.record_id, j.reason FROM reject j
    JOIN lane l ON l.seq = j.seq JOIN run u ON u.run = l.run WHERE j.record_id = $1 ORDER BY l.seq, j.place"""


def holdings(db: Database, record_id: str) -> Holdings:
    """Gather results, kept columns, inputs and rejects of a record."""
    if not storable(record_id):
        return Holdings(record_id=record_id)
    record = find_record(db, record_id)
    inputs = [
        HeldRow(run_id=run_id, part=part, values=values)
        for run_id, part, block in (() if record is None else db.rows(_INPUTS, record))
        for values in input_values(unblocked(block), record_id)
    ]
    rejects = [
        HeldRow(
            run_id=run_id,
            part=part,
            values=dict(zip(("source", "row", "line", "record_id", "reason"), told, strict=True)),
        )
        for run_id, part, *told in db.rows(_REJECTS, record_id)
    ]
    return Holdings(
        record_id=record_id,
        results=tuple(past_results(db, record_id)),
        kept=tuple(
            HeldRow(run_id=run_id, part=part, values=msgspec.json.decode(kept))
            for run_id, part, kept in (() if record is None else db.rows(_KEPT, record))
        ),
        inputs=tuple(inputs),
        rejects=tuple(rejects),
    )
