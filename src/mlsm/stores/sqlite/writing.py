"""One lane of a part goes in, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec
import polars as pl

from mlsm._batch import Batch, ModelColumns
from mlsm._typing import Lane
from mlsm.contracts import ModelEntry, Reject
from mlsm.errors import UnknownNameError
from mlsm.stores._blocks import block
from mlsm.stores._digests import refuse_changed_digests
from mlsm.stores._kept import kept_objects
from mlsm.stores._times import microseconds
from mlsm.stores._tombstones import without_forgotten
from mlsm.stores.sqlite.forgetting import tombstones
from mlsm.stores.sqlite.records import as_json, number_records
from mlsm.stores.sqlite.results import insert_results
from mlsm.stores.sqlite.rows import append
from mlsm.stores.sqlite.runs import active_digests

__all__ = ["write_lane"]


_INSERT_KEPT = "INSERT INTO kept (seq, record, kept) SELECT ?, column1, column2 FROM w"
_INSERT_REJECTS = """INSERT INTO reject (seq, place, source, row, line, record_id, reason)
    SELECT ?, column1, column2, column3, column4, column5, column6 FROM w"""


class _Models(msgspec.Struct):
    """What of a plan is needed to write."""

    models: tuple[ModelEntry, ...]


def write_lane(
    db: sqlite3.Connection, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]
) -> bool:
    """Store one lane within the transaction of the caller; False where it is there already."""
    found = db.execute("SELECT run, purpose, plan FROM run WHERE run_id = ?", (run_id,)).fetchone()
    if found is None:
        raise UnknownNameError(f"No run {run_id!r} in the store; expected one that was opened in it.")
    run, purpose, plan = found
    there = dict(db.execute("SELECT lane, coalesce(first, seq) FROM lane WHERE run = ? AND part = ?", (run, part)))
    if lane in there:
        return False
    batch, rejects, dropped = without_forgotten(batch, rejects, tombstones(db))
    _note_digests(db, batch, msgspec.json.decode(plan, type=_Models).models)
    numbers = number_records(db, batch.frame.get_column("record_id"))
    roster = _roster(db, batch.models)
    first = next(iter(there.values()), None)
    seq = _insert_lane(db, (run, part, lane), first, roster, batch, numbers)
    insert_results(db, seq, roster, batch, numbers)
    _insert_given(db, seq, batch.models)
    if first is None:
        _insert_once_a_part(db, seq, run, batch, numbers, rejects)
        if dropped:
            db.execute("UPDATE run SET forgotten = forgotten + ? WHERE run = ?", (dropped, run))
    _tally(db, run, roster, batch)
    if purpose == "live":
        _point(db, seq, roster, batch)
    return True


def _note_digests(db: sqlite3.Connection, batch: Batch, planned: Sequence[ModelEntry]) -> None:
    """Remember under which digest a version was first stored as active.

    Another run that was open at the same time may have stored it under another one.
    """
    active = {model.key for model in batch.models if model.lane == "active"}
    entries = [entry for entry in planned if entry.key in active]
    if not entries:
        return
    stored = active_digests(db)
    refuse_changed_digests(stored, entries)
    rows = [(_model(db, entry.name, entry.version), entry.digest) for entry in entries if entry.key not in stored]
    db.executemany("INSERT INTO active_digest VALUES (?, ?)", rows)


def _model(db: sqlite3.Connection, name: str, version: str) -> int:
    db.execute("INSERT INTO model (name, version) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, version))
    found = db.execute("SELECT model FROM model WHERE name = ? AND version = ?", (name, version)).fetchone()
    return int(found[0])


def _roster(db: sqlite3.Connection, models: Sequence[ModelColumns]) -> int:
    """Give the number of a list of model versions with their statuses."""
    names = msgspec.json.encode([(model.name, model.version, model.status) for model in models]).decode()
    found = db.execute("SELECT roster FROM roster WHERE models = ?", (names,)).fetchone()
    if found is not None:
        return int(found[0])
    roster = db.execute("INSERT INTO roster (models) VALUES (?)", (names,)).lastrowid
    assert roster is not None  # noqa: S101 - an INSERT that did not raise has one
    seats = [(roster, place, _model(db, model.name, model.version), model.status) for place, model in enumerate(models)]
    db.executemany("INSERT INTO seat VALUES (?, ?, ?, ?)", seats)
    return roster


def _insert_lane(
    db: sqlite3.Connection,
    key: tuple[int, int, Lane],
    first: int | None,
    roster: int,
    batch: Batch,
    numbers: pl.Series,
) -> int:
    """Take the next seq; the write lock that this transaction holds keeps the order of commits."""
    times = (microseconds(batch.as_of), microseconds(batch.scored_at))
    seq = db.execute(
        """INSERT INTO lane (run, part, lane, first, roster, as_of, scored_at, records, low, high)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (*key, first, roster, *times, len(batch), numbers.min(), numbers.max()),
    ).lastrowid
    assert seq is not None  # noqa: S101 - an INSERT that did not raise has one
    return seq


def _insert_given(db: sqlite3.Connection, seq: int, models: Sequence[ModelColumns]) -> None:
    rows = [
        (seq, place, msgspec.json.encode(model.given).decode()) for place, model in enumerate(models) if model.given
    ]
    if rows:
        db.executemany("INSERT INTO given VALUES (?, ?, ?)", rows)


def _insert_once_a_part(
    db: sqlite3.Connection, seq: int, run: int, batch: Batch, numbers: pl.Series, rejects: Sequence[Reject]
) -> None:
    """Store what a part has once, however many lanes it has."""
    kept = kept_objects(batch.frame)
    if kept is not None:
        frame = pl.DataFrame({"record": numbers, "kept": kept}).drop_nulls().sort("record")
        append(db, _INSERT_KEPT, seq, [frame.get_column(name).to_list() for name in frame.columns])
    if not numbers.is_sorted():
        db.execute("INSERT INTO arrival VALUES (?, ?)", (seq, block(pl.DataFrame({"record": numbers}))))
    if batch.inputs is not None:
        db.execute("INSERT INTO input VALUES (?, ?)", (seq, block(batch.inputs)))
    if rejects:
        columns = [[getattr(reject, name) for reject in rejects] for name in Reject.__struct_fields__]
        append(db, _INSERT_REJECTS, seq, [range(len(rejects)), *columns])
    db.execute(
        "UPDATE run SET parts = parts + 1, records = records + ?, rejects = rejects + ? WHERE run = ?",
        (len(batch), len(rejects), run),
    )


def _tally(db: sqlite3.Connection, run: int, roster: int, batch: Batch) -> None:
    counts = batch.counts()
    counted = [
        (place, outcome.code, count)
        for place, model in enumerate(batch.models)
        for outcome, count in counts[model.key].items()
    ]
    db.execute(
        """INSERT INTO tally (run, model, outcome, results)
        SELECT ?, s.model, json_extract(c.value, '$[1]'), json_extract(c.value, '$[2]')
        FROM json_each(?) c JOIN seat s ON s.roster = ? AND s.place = json_extract(c.value, '$[0]')
        WHERE TRUE ON CONFLICT DO UPDATE SET results = results + excluded.results""",
        (run, as_json(counted), roster),
    )


def _point(db: sqlite3.Connection, seq: int, roster: int, batch: Batch) -> None:
    """Let the records point to this lane, save those that hold results of a later clock."""
    db.execute(
        """INSERT INTO pointer (record, roster, as_of, seq)
        SELECT record, ?, ?, seq FROM result WHERE seq = ? AND place = 0
        ON CONFLICT DO UPDATE SET as_of = excluded.as_of, seq = excluded.seq WHERE excluded.as_of >= as_of""",
        (roster, microseconds(batch.as_of), seq),
    )
