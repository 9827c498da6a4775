"""Frames of results: what differs from row to row is read as rows, the rest joined to it.

What a lane says once (model, version, status, times, run) would otherwise be made a Python
object for every result.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import islice

import polars as pl

from mlsm._batch import long_schema
from mlsm.stores.sqlite.records import as_json

__all__ = ["RESULT", "result_frame"]

RESULT = """r.record, (SELECT record_id FROM record WHERE record = r.record), r.seq, r.place, r.outcome, r.score,
    r.label, r.output, r.reasons, r.error, r.substitute,
    (SELECT kept FROM kept WHERE seq = coalesce(l.first, l.seq) AND record = r.record), r.given"""
"""What a query selects from `result r` and its `lane l`."""

_TIMES = ("as_of", "scored_at")
_FETCHED = 16_384
"""Rows that exist as Python objects at a time."""


def result_frame(db: sqlite3.Connection, query: str, values: Sequence[object]) -> pl.DataFrame:
    """Gather the results that a query selects: `record`, the columns of long form, `kept`."""
    rows = _rows(db.execute(query, values))
    told = rows.join(
        _lanes(db, rows.get_column("seq").unique()), on=["seq", "place"], how="left", maintain_order="left"
    )
    told = told.join(_outcomes(db), on="code", how="left", maintain_order="left")
    told = told.with_columns(pl.when("called").then(pl.coalesce("own_given", "given")).alias("given"))
    return told.select("record", *long_schema(), "kept").cast({name: pl.Datetime("us", "UTC") for name in _TIMES})


def _rows(cursor: sqlite3.Cursor) -> pl.DataFrame:
    numbers = dict.fromkeys(("record", "seq", "place", "code"), pl.Int64())
    texts = dict.fromkeys(
        ("record_id", "label", "output", "reasons", "error", "substitute", "kept", "own_given"), pl.String()
    )
    types: dict[str, pl.DataType] = {**numbers, **texts, "score": pl.Float64()}
    names = ["record", "record_id", "seq", "place", "code", "score", "label", "output", "reasons", "error"]
    names += ["substitute", "kept", "own_given"]
    frames = [pl.DataFrame(schema={name: types[name] for name in names})]
    while fetched := list(islice(cursor, _FETCHED)):
        columns = zip(names, zip(*fetched, strict=True), strict=True)
        frames.append(pl.DataFrame([pl.Series(name, values, types[name]) for name, values in columns]))
    return pl.concat(frames)


def _lanes(db: sqlite3.Connection, seqs: pl.Series) -> pl.DataFrame:
    """Tell what holds for all results of a model in a lane."""
    rows = db.execute(
        """SELECT l.seq, s.place, m.name, m.version, s.status, g.given, u.run_id, l.as_of, l.scored_at
        FROM lane l JOIN run u ON u.run = l.run JOIN seat s ON s.roster = l.roster JOIN model m ON m.model = s.model
        LEFT JOIN given g ON g.seq = l.seq AND g.place = s.place
        WHERE l.seq IN (SELECT value FROM json_each(?))""",
        (as_json(seqs.to_list()),),
    ).fetchall()
    whole = dict.fromkeys(("seq", "place"), pl.Int64())
    texts = dict.fromkeys(("model", "version", "status", "given", "run_id"), pl.String())
    return pl.DataFrame(rows, schema={**whole, **texts, **dict.fromkeys(_TIMES, pl.Int64())}, orient="row")


def _outcomes(db: sqlite3.Connection) -> pl.DataFrame:
    rows = db.execute("SELECT outcome, name, called FROM outcome").fetchall()
    frame = pl.DataFrame(rows, schema={"code": pl.Int64, "outcome": pl.String, "called": pl.Int64}, orient="row")
    return frame.cast({"called": pl.Boolean})
