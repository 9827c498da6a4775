"""Results in bulk, as frames of bounded size."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import polars as pl

from mlsm.contracts import Reject, RunPlan, Selection
from mlsm.stores._blocks import unblocked
from mlsm.stores._selection import selected
from mlsm.stores.sqlite.frames import RESULT, result_frame
from mlsm.stores.sqlite.ranking import Rule, newest
from mlsm.stores.sqlite.records import as_json

__all__ = ["OF_LANE", "arrival", "list_changes", "list_current", "list_inputs", "list_rejects", "list_run"]

_RESULTS = 65_536
"""Results that are looked at for one frame of what is current."""
OF_LANE = f"SELECT {RESULT} FROM lane l CROSS JOIN result r ON r.seq = l.seq WHERE l.seq = ?"  # noqa: S608 - constants


def list_current(db: sqlite3.Connection, rule: Rule, selection: Selection) -> Iterator[pl.DataFrame]:
    """Yield what is current by a rule, in the order in which records first came, then by name."""
    if selection.record_ids is not None:
        query = _current(rule, "p.record IN (SELECT value FROM json_each(?))")
        yield _selected(result_frame(db, query, [_numbers(db, selection.record_ids)]), selection)
        return
    query = _current(rule, "p.record BETWEEN ? AND ?")
    last, versions = db.execute("SELECT (SELECT max(record) FROM record), count(*) FROM model").fetchone()
    step = max(1, _RESULTS // max(1, versions))
    for first in range(1, (last or 0) + 1, step):
        frame = _selected(result_frame(db, query, [first, first + step - 1]), selection)
        if not frame.is_empty():
            yield frame


def list_run(
    db: sqlite3.Connection, run: int, plan: RunPlan, selection: Selection, only: int | None = None
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
        query += " AND r.record IN (SELECT value FROM json_each(?))"
        asked.append(_numbers(db, selection.record_ids))
    places = {model.key: place for place, model in enumerate(plan.models)}
    place = pl.format("{}@{}", "model", "version").replace_strict(places, default=None, return_dtype=pl.Int64)
    parts: dict[int, list[int]] = {}
    lanes = "SELECT part, seq FROM lane WHERE run = ?1 AND (?2 IS NULL OR part = ?2) ORDER BY part, lane"
    for part, seq in db.execute(lanes, (run, only)):
        parts.setdefault(part, []).append(seq)
    for seqs in parts.values():
        found = pl.concat([result_frame(db, query, [seq, *asked]) for seq in seqs])
        # A lane lies in the order of its records' numbers.
        arrived = arrival(db, seqs)
        if arrived is not None:
            found = found.join(arrived, on="record", how="left").sort("row", place)
        elif len(seqs) > 1:
            found = found.sort("record", place)
        yield selected(found.drop("record", "row", strict=False), selection)


def list_changes(db: sqlite3.Connection, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield (seq, results) of the live lanes after a seq."""
    query = "SELECT l.seq FROM lane l JOIN run u ON u.run = l.run WHERE l.seq > ? AND u.purpose = 'live' ORDER BY l.seq"
    for (seq,) in db.execute(query, (after,)):
        yield seq, result_frame(db, OF_LANE, [seq]).drop("record")


def list_rejects(db: sqlite3.Connection, run: int) -> Iterator[Reject]:
    """Yield the rejects of a run, part by part."""
    query = """SELECT j.source, j.row, j.line, j.record_id, j.reason
        FROM lane l JOIN reject j ON j.seq = l.seq WHERE l.run = ? ORDER BY l.part, j.place"""
    for source, row, line, record_id, reason in db.execute(query, (run,)):
        yield Reject(source=source, row=row, line=line, record_id=record_id, reason=reason)


def list_inputs(db: sqlite3.Connection, run: int, record_id: str | None = None) -> Iterator[pl.DataFrame]:
    """Yield the kept inputs of a run, a frame a part; of one record where it is named."""
    query = "SELECT i.block FROM lane l JOIN input i ON i.seq = l.seq WHERE l.run = ? ORDER BY l.part"
    for (block,) in db.execute(query, (run,)):
        frame = unblocked(block)
        own = frame if record_id is None else frame.filter(pl.col("record_id") == record_id)
        if record_id is None or own.height:
            yield own


def arrival(db: sqlite3.Connection, seqs: Sequence[int]) -> pl.DataFrame | None:
    """Tell in which row of a part its records came, None where they came in the order of their numbers."""
    query = "SELECT records FROM arrival WHERE seq IN (SELECT value FROM json_each(?))"
    found = db.execute(query, (as_json(seqs),)).fetchone()
    return None if found is None else unblocked(found[0]).with_row_index("row")


def _current(rule: Rule, records: str) -> str:
    return f"""
        WITH ranked AS ({newest(rule, records)})
        SELECT {RESULT} FROM ranked w
        CROSS JOIN result r ON r.seq = w.seq AND r.record = w.record AND r.place = w.place
        CROSS JOIN lane l ON l.seq = w.seq
        WHERE w.nth = 1
    """  # noqa: S608 - constants


def _selected(frame: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    newest_first = frame.sort("as_of", descending=True, maintain_order=True)
    return selected(newest_first.sort("record", "model", maintain_order=True).drop("record"), selection)


def _numbers(db: sqlite3.Connection, record_ids: Sequence[str]) -> str:
    """Give the numbers of the records that the store knows, as JSON."""
    query = "SELECT json_group_array(record) FROM record WHERE record_id IN (SELECT value FROM json_each(?))"
    numbers: str = db.execute(query, (as_json(record_ids),)).fetchone()[0]
    return numbers
