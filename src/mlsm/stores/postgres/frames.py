"""Frames of results: what differs from row to row comes by COPY, the rest is joined to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from mlsm._batch import long_schema
from mlsm.stores.postgres.records import as_json

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["RESULT", "RESULT_JOINS", "result_frame"]

RESULT = """r.record, x.record_id, r.seq, r.place::bigint AS place, r.outcome::bigint AS code, r.score, r.label,
    r.output, r.reasons, r.error, r.substitute, k.kept, r.given AS own_given"""
"""What a query selects from `result r` with `RESULT_JOINS`."""
RESULT_JOINS = """JOIN lane l ON l.seq = r.seq JOIN record x ON x.record = r.record
    LEFT JOIN kept k ON k.seq = coalesce(l.first, l.seq) AND k.record = r.record"""

_TIMES = ("as_of", "scored_at")
_LANES = """SELECT l.seq, s.place::bigint AS place, m.name AS model, m.version, s.status, g.given, u.run_id,
        l.as_of, l.scored_at
    FROM lane l JOIN run u ON u.run = l.run JOIN seat s ON s.roster = l.roster JOIN model m ON m.model = s.model
    LEFT JOIN given g ON g.seq = l.seq AND g.place = s.place
    WHERE l.seq IN (SELECT value::bigint FROM json_array_elements_text($1::json))"""


def result_frame(db: Database, query: str, *values: object) -> pl.DataFrame:
    """Gather the results that a query selects: `record`, the columns of long form, `kept`."""
    rows = db.frame(query, *values)
    lanes = db.frame(_LANES, as_json(rows.get_column("seq").unique().to_list()))
    told = rows.join(lanes, on=["seq", "place"], how="left", maintain_order="left")
    outcomes = db.frame("SELECT outcome::bigint AS code, name AS outcome, called FROM outcome")
    told = told.join(outcomes, on="code", how="left", maintain_order="left")
    told = told.with_columns(pl.when("called").then(pl.coalesce("own_given", "given")).alias("given"))
    times = {name: pl.Datetime("us", "UTC") for name in _TIMES}
    told = told.with_columns(pl.col(name).cast(pl.Int64).cast(dtype) for name, dtype in times.items())
    return told.select("record", *long_schema(), "kept").cast(pl.Schema({**long_schema(), "kept": pl.String()}))
