"""One lane of a part goes in, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from mlsm._batch import FACETS, Batch, ModelColumns, facet, given_column
from mlsm._typing import Lane
from mlsm.contracts import ModelEntry, Reject
from mlsm.errors import UnknownNameError
from mlsm.stores._blocks import block
from mlsm.stores._digests import refuse_changed_digests
from mlsm.stores._kept import kept_objects
from mlsm.stores._times import microseconds
from mlsm.stores._tombstones import without_forgotten
from mlsm.stores.postgres.forgetting import tombstones
from mlsm.stores.postgres.records import number_records
from mlsm.stores.postgres.runs import active_digests

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["write_lane"]

_POINT = """INSERT INTO pointer (record, roster, as_of, seq)
    SELECT record, $1::integer, $2::bigint, seq FROM result WHERE seq = $3 AND place = 0 ORDER BY record
    ON CONFLICT (record, roster) DO UPDATE SET as_of = excluded.as_of, seq = excluded.seq
    WHERE excluded.as_of >= pointer.as_of"""


class _Models(msgspec.Struct):
    """What of a plan is needed to write."""

    models: tuple[ModelEntry, ...]


def write_lane(db: Database, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
    """Store one lane within the transaction of the caller; False where it is there already."""
    found = db.one("SELECT run, purpose, plan FROM run WHERE run_id = $1", run_id)
    if found is None:
        raise UnknownNameError(f"No run {run_id!r} in the store; expected one that was opened in it.")
    run, purpose, plan = found
    query = "SELECT lane, coalesce(first, seq) FROM lane WHERE run = $1 AND part = $2"
    there = {name: int(seq) for name, seq in db.rows(query, run, part)}
    if lane in there:
        return False
    batch, rejects, dropped = without_forgotten(batch, rejects, tombstones(db))
    _note_digests(db, batch, msgspec.json.decode(plan, type=_Models).models)
    numbers = number_records(db, batch.frame.get_column("record_id"))
    roster = _roster(db, batch.models)
    first = next(iter(there.values()), None)
    seq = _insert_lane(db, (run, part, lane), first, roster, batch, numbers)
    _insert_results(db, seq, batch, numbers)
    _insert_given(db, seq, batch.models)
    if first is None:
        _insert_once_a_part(db, seq, run, batch, numbers, rejects)
        if dropped:
            db.rows("UPDATE run SET forgotten = forgotten + $1 WHERE run = $2", dropped, run)
    _tally(db, run, roster, batch)
    if purpose == "live":
        db.rows(_POINT, roster, microseconds(batch.as_of), seq)
    return True


def _note_digests(db: Database, batch: Batch, planned: Sequence[ModelEntry]) -> None:
    """Remember under which digest a version was first stored as active.

    Another run that was open at the same time may have stored it under another one.
    """
    active = {model.key for model in batch.models if model.lane == "active"}
    entries = [entry for entry in planned if entry.key in active]
    if not entries:
        return
    stored = active_digests(db)
    refuse_changed_digests(stored, entries)
    for entry in entries:
        if entry.key not in stored:
            number = _model(db, entry.name, entry.version)
            db.rows("INSERT INTO active_digest VALUES ($1::integer, $2)", number, entry.digest)


def _model(db: Database, name: str, version: str) -> int:
    db.rows("INSERT INTO model (name, version) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, version)
    ((number,),) = db.rows("SELECT model FROM model WHERE name = $1 AND version = $2", name, version)
    return int(number)


def _roster(db: Database, models: Sequence[ModelColumns]) -> int:
    """Give the number of a list of model versions with their statuses."""
    listed = msgspec.json.encode([(model.name, model.version, model.status) for model in models])
    name = hashlib.sha256(listed).hexdigest()
    if (found := db.one("SELECT roster FROM roster WHERE hash = $1", name)) is not None:
        return int(found[0])
    db.rows("INSERT INTO roster (hash) VALUES ($1)", name)
    ((roster,),) = db.rows("SELECT roster FROM roster WHERE hash = $1", name)
    for place, model in enumerate(models):
        seat = "INSERT INTO seat VALUES ($1::integer, $2::smallint, $3::integer, $4)"
        db.rows(seat, roster, place, _model(db, model.name, model.version), model.status)
    return int(roster)


def _insert_lane(
    db: Database,
    key: tuple[int, int, Lane],
    first: int | None,
    roster: int,
    batch: Batch,
    numbers: pl.Series,
) -> int:
    """Take the next seq; the lock that this transaction holds keeps the order of commits."""
    run, part, lane = key
    ((seq,),) = db.rows("SELECT nextval(pg_get_serial_sequence('lane', 'seq'))::bigint")
    values = {
        "seq": seq,
        "run": run,
        "part": part,
        "lane": lane,
        "first": first,
        "roster": roster,
        "as_of": microseconds(batch.as_of),
        "scored_at": microseconds(batch.scored_at),
        "records": len(batch),
        "low": numbers.min(),
        "high": numbers.max(),
    }
    told = {name: value for name, value in values.items() if value is not None}
    casts = {"roster": "::integer", "lane": ""}
    places = ", ".join(f"${place}{casts.get(name, '::bigint')}" for place, name in enumerate(told, start=1))
    db.rows(
        f"INSERT INTO lane ({', '.join(told)}) OVERRIDING SYSTEM VALUE VALUES ({places})",  # noqa: S608 - names of columns
        *told.values(),
    )
    return int(seq)


def _insert_results(db: Database, seq: int, batch: Batch, numbers: pl.Series) -> None:
    """Append the results of a lane, in the order of the table's key."""
    pieces = []
    shared = batch.frame.with_columns(numbers.alias("record number"))
    for place, model in enumerate(batch.models):
        columns = [
            pl.lit(seq, pl.Int64).alias("seq"),
            pl.col("record number").alias("record"),
            pl.lit(place, pl.Int16).alias("place"),
            pl.col(facet(model.key, "outcome")).cast(pl.Int16).alias("outcome"),
        ]
        stored: dict[str, str] = {name: facet(model.key, name) for name in FACETS[1:]}
        for name, column in (stored | {"given": given_column(model.key)}).items():
            dtype = pl.Float64() if name == "score" else pl.String()
            expression = pl.col(column) if column in shared.columns else pl.lit(None, dtype)
            columns.append(expression.cast(dtype).alias(name))
        pieces.append(shared.select(columns))
    if pieces:
        db.append("result", pl.concat(pieces).sort("record", "place"))


def _insert_given(db: Database, seq: int, models: Sequence[ModelColumns]) -> None:
    for place, model in enumerate(models):
        if model.given:
            given = msgspec.json.encode(model.given).decode()
            db.rows("INSERT INTO given VALUES ($1::bigint, $2::smallint, $3)", seq, place, given)


def _insert_once_a_part(
    db: Database, seq: int, run: int, batch: Batch, numbers: pl.Series, rejects: Sequence[Reject]
) -> None:
    """Store what a part has once, however many lanes it has."""
    kept = kept_objects(batch.frame)
    if kept is not None:
        frame = pl.DataFrame({"record": numbers, "kept": kept}).drop_nulls().sort("record")
        db.append("kept", frame.with_columns(pl.lit(seq, pl.Int64).alias("seq")))
    if not numbers.is_sorted():
        db.rows("INSERT INTO arrival VALUES ($1::bigint, $2)", seq, block(pl.DataFrame({"record": numbers})))
    if batch.inputs is not None:
        db.rows("INSERT INTO input VALUES ($1::bigint, $2)", seq, block(batch.inputs))
    db.append("reject", _reject_frame(seq, rejects))
    db.rows(
        "UPDATE run SET parts = parts + 1, records = records + $1, rejects = rejects + $2 WHERE run = $3",
        len(batch),
        len(rejects),
        run,
    )


def _reject_frame(seq: int, rejects: Sequence[Reject]) -> pl.DataFrame:
    types = {"source": pl.String, "row": pl.Int64, "line": pl.Int64, "record_id": pl.String, "reason": pl.String}
    columns = {name: [getattr(reject, name) for reject in rejects] for name in types}
    frame = pl.DataFrame(columns, schema=types).with_columns(
        # PostgreSQL's text has no NUL.
        pl.col("source", "record_id", "reason").str.replace_all("\x00", "\\x00", literal=True)
    )
    return frame.with_columns(pl.lit(seq, pl.Int64).alias("seq"), pl.int_range(pl.len(), dtype=pl.Int64).alias("place"))


def _tally(db: Database, run: int, roster: int, batch: Batch) -> None:
    counts = batch.counts()
    query = """INSERT INTO tally (run, model, outcome, results)
        SELECT $1::bigint, model, $2::smallint, $3::bigint FROM seat WHERE roster = $4::integer AND place = $5::smallint
        ON CONFLICT (run, model, outcome) DO UPDATE SET results = tally.results + excluded.results"""
    for place, model in enumerate(batch.models):
        for outcome, count in counts[model.key].items():
            db.rows(query, run, outcome.code, count, roster, place)
