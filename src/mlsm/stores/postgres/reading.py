"""The results of one record, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mlsm._batch import read_result
from mlsm._result import Result
from mlsm.stores._times import moment
from mlsm.stores.postgres.ranking import Rule, newest
from mlsm.stores.postgres.records import find_record
from mlsm.stores.postgres.views import GIVEN, NAMES

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["LANES_OF_RECORD", "TOLD", "current_results", "kept_columns", "past_results", "read_row"]

LANES_OF_RECORD = """
    SELECT seq FROM lane WHERE records = 1 AND low = $1
    UNION ALL
    SELECT seq FROM lane WHERE records > 1 AND low <= $1 AND high >= $1
"""
"""The lanes that may hold a record: all that do, and large ones that do not."""

TOLD = f"""x.record_id, m.name, m.version, s.status, o.name, r.score, r.label, r.output, r.reasons, r.error,
    r.substitute, CASE WHEN o.called THEN {GIVEN} END, u.run_id, l.as_of, l.scored_at"""
"""The columns of a result in long form, in order; the times as integers."""

_AS_WRITTEN = "SET LOCAL join_collapse_limit TO 1"
"""Joins are made in the order in which they stand: to try all others took 19 ms of a look-up of 1 ms."""


def current_results(db: Database, record_id: str, rule: Rule) -> list[Result]:
    """Give the score of a record by model name, or the current result of each model version."""
    record = find_record(db, record_id)
    if record is None:
        return []
    query = f"""
        SELECT {TOLD} FROM ({newest(rule, "p.record = $1")}) w
        JOIN result r ON r.seq = w.seq AND r.record = w.record AND r.place = w.place
        JOIN lane l ON l.seq = r.seq {NAMES} ORDER BY m.name, l.as_of DESC, r.seq DESC, r.place
    """  # noqa: S608 - constants
    db.rows(_AS_WRITTEN)
    return [read_row(row) for row in db.rows(query, record)]


def past_results(db: Database, record_id: str) -> list[Result]:
    """Give every committed result of a record, newest first."""
    record = find_record(db, record_id)
    if record is None:
        return []
    query = f"""
        SELECT {TOLD} FROM ({LANES_OF_RECORD}) w
        JOIN result r ON r.seq = w.seq AND r.record = $1
        JOIN lane l ON l.seq = r.seq {NAMES} ORDER BY l.as_of DESC, r.seq DESC, r.place
    """  # noqa: S608 - constants
    db.rows(_AS_WRITTEN)
    return [read_row(row) for row in db.rows(query, record)]


def kept_columns(db: Database, record_id: str) -> dict[str, Any]:
    """Give the kept columns of a record as they came with the newest live part that has some."""
    record = find_record(db, record_id)
    if record is None:
        return {}
    query = f"""
        SELECT k.kept FROM ({LANES_OF_RECORD}) w
        JOIN kept k ON k.seq = w.seq AND k.record = $1
        JOIN lane l ON l.seq = w.seq
        JOIN run u ON u.run = l.run
        WHERE u.purpose = 'live' ORDER BY l.as_of DESC, l.seq DESC LIMIT 1
    """  # noqa: S608 - constants
    found = db.one(query, record)
    return {} if found is None else msgspec.json.decode(found[0], type=dict[str, Any])


def read_row(row: tuple[Any, ...]) -> Result:
    """Make a result of its columns `TOLD`."""
    *told, as_of, scored_at = row
    return read_result((*told, moment(as_of), moment(scored_at)))
