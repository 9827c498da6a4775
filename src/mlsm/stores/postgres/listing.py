"""Results in bulk, as frames of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from mlsm.contracts import Reject, RunPlan, Selection
from mlsm.stores._blocks import unblocked
from mlsm.stores._selection import selected
from mlsm.stores.postgres.frames import RESULT, RESULT_JOINS, result_frame
from mlsm.stores.postgres.ranking import Rule, newest
from mlsm.stores.postgres.records import as_json, storable

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["OF_LANE", "arrival", "list_changes", "list_current", "list_inputs", "list_rejects", "list_run"]

_RESULTS = 65_536
"""Results that are looked at for one frame of what is current."""
OF_LANE = f"SELECT {RESULT} FROM result r {RESULT_JOINS} WHERE r.seq = $1"  # noqa: S608 - constants
_IN_ORDER = " ORDER BY r.record, r.place"
_NAMED = "IN (SELECT value::bigint FROM json_array_elements_text(${}::json))"


def list_current(db: Database, rule: Rule, selection: Selection) -> Iterator[pl.DataFrame]:
    """Yield what is current by a rule, in the order in which records first came, then by name."""
    if selection.record_ids is not None:
        query = _current(rule, f"p.record {_NAMED.format(1)}")
        yield _selected(result_frame(db, query, _numbers(db, selection.record_ids)), selection)
        return
    query = _current(rule, "p.record BETWEEN $1 AND $2")
    ((last, versions),) = db.rows(
        "SELECT (SELECT coalesce(max(record), 0)::bigint FROM record), (SELECT count(*) FROM model)"
    )
    step = max(1, _RESULTS // max(1, versions))
    for first in range(1, last + 1, step):
        frame = _selected(result_frame(db, query, first, first + step - 1), selection)
        if not frame.is_empty():
            yield frame


def list_run(
    db: Database, run: int, plan: RunPlan, selection: Selection, only: int | None = None
) -> Iterator[pl.DataFrame]:
    """Yield the results of a run, a frame a part, in the order of the input and of the catalog.

    Args:
        db: the store.
        run: the run's number.
        plan: its plan.
        selection: which results are wanted.
        only: the one part that is wanted, None for all.
    """
    query, asked = OF_LANE, []
    if selection.record_ids is not None:
        query += f" AND r.record {_NAMED.format(2)}"
        asked.append(_numbers(db, selection.record_ids))
    places = {model.key: place for place, model in enumerate(plan.models)}
    place = pl.format("{}@{}", "model", "version").replace_strict(places, default=None, return_dtype=pl.Int64)
    parts: dict[int, list[int]] = {}
    for part, seq in db.rows("SELECT part, seq FROM lane WHERE run = $1 ORDER BY part, lane", run):
        if only is None or part == only:
            parts.setdefault(part, []).append(seq)
    for seqs in parts.values():
        found = pl.concat([result_frame(db, query + _IN_ORDER, seq, *asked) for seq in seqs])
        # A lane is read in the order of its records' numbers.
        arrived = arrival(db, seqs)
        if arrived is not None:
            found = found.join(arrived, on="record", how="left").sort("row", place)
        elif len(seqs) > 1:
            found = found.sort("record", place)
        yield selected(found.drop("record", "row", strict=False), selection)


def list_changes(db: Database, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield (seq, results) of the live lanes after a seq."""
    query = "SELECT l.seq FROM lane l JOIN run u ON u.run = l.run WHERE l.seq > $1 AND u.purpose = 'live' ORDER BY 1"
    for (seq,) in db.rows(query, after):
        yield seq, result_frame(db, OF_LANE + _IN_ORDER, seq).drop("record")


def list_rejects(db: Database, run: int) -> Iterator[Reject]:
    """Yield the rejects of a run, part by part."""
    query = """SELECT j.source, j.row, j.line, j.record_id, j.reason
        FROM lane l JOIN reject j ON j.seq = l.seq WHERE l.run = $1 ORDER BY l.part, j.place"""
    for source, row, line, record_id, reason in db.rows(query, run):
        yield Reject(source=source, row=row, line=line, record_id=record_id, reason=reason)


def list_inputs(db: Database, run: int, record_id: str | None = None) -> Iterator[pl.DataFrame]:
    """Yield the kept inputs of a run, a frame a part; of one record where it is named."""
    query = "SELECT i.seq FROM lane l JOIN input i ON i.seq = l.seq WHERE l.run = $1 ORDER BY l.part"
    for (seq,) in db.rows(query, run):
        ((block,),) = db.rows("SELECT block FROM input WHERE seq = $1", seq)
        frame = unblocked(block)
        own = frame if record_id is None else frame.filter(pl.col("record_id") == record_id)
        if record_id is None or own.height:
            yield own


def arrival(db: Database, seqs: Sequence[int]) -> pl.DataFrame | None:
    """Tell in which row of a part its records came, None where they came in the order of their numbers."""
    found = db.one(f"SELECT records FROM arrival WHERE seq {_NAMED.format(1)}", as_json(list(seqs)))  # noqa: S608 - built of our own texts, values are bound
    return None if found is None else unblocked(found[0]).with_row_index("row")


def _current(rule: Rule, records: str) -> str:
    return f"""
        SELECT {RESULT} FROM ({newest(rule, records)}) w
        JOIN result r ON r.seq = w.seq AND r.record = w.record AND r.place = w.place {RESULT_JOINS}
        ORDER BY r.record, r.place
    """  # noqa: S608 - constants


def _selected(frame: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    newest_first = frame.sort("as_of", descending=True, maintain_order=True)
    return selected(newest_first.sort("record", "model", maintain_order=True).drop("record"), selection)


def _numbers(db: Database, record_ids: Sequence[str]) -> str:
    """Give the numbers of the records that the store knows, as JSON."""
    query = "SELECT record FROM record WHERE record_id IN (SELECT value FROM json_array_elements_text($1::json))"
    return as_json([number for (number,) in db.rows(query, as_json([one for one in record_ids if storable(one)]))])
