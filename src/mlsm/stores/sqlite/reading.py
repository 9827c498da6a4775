"""The results of one record, as values."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from mlsm._batch import read_result
from mlsm._result import Result
from mlsm.stores._times import moment
from mlsm.stores.sqlite.forgetting import LANES_OF_RECORD
from mlsm.stores.sqlite.ranking import Rule, newest
from mlsm.stores.sqlite.records import find_record
from mlsm.stores.sqlite.views import GIVEN, NAMES

__all__ = ["TOLD", "current_results", "kept_columns", "past_results"]

TOLD = f"""x.record_id, m.name, m.version, s.status, o.name, r.score, r.label, r.output, r.reasons, r.error,
    r.substitute, CASE WHEN o.called THEN {GIVEN} END, u.run_id, l.as_of, l.scored_at"""
"""The columns of a result in long form, in order; the times as integers."""


def current_results(db: sqlite3.Connection, record_id: str, rule: Rule) -> list[Result]:
    """Give the score of a record by model name, or the current result of each model version."""
    record = find_record(db, record_id)
    if record is None:
        return []
    query = f"""
        WITH ranked AS ({newest(rule, "p.record = ?")})
        SELECT {TOLD} FROM ranked w
        CROSS JOIN result r ON r.seq = w.seq AND r.record = w.record AND r.place = w.place
        JOIN lane l ON l.seq = r.seq {NAMES} WHERE w.nth = 1 ORDER BY m.name, l.as_of DESC, r.seq DESC, r.place
    """  # noqa: S608 - constants
    return [_result(row) for row in db.execute(query, (record,))]


def past_results(db: sqlite3.Connection, record_id: str) -> list[Result]:
    """Give every committed result of a record, newest first."""
    record = find_record(db, record_id)
    if record is None:
        return []
    query = f"""
        SELECT {TOLD} FROM ({LANES_OF_RECORD}) w
        CROSS JOIN result r ON r.seq = w.seq AND r.record = :record
        JOIN lane l ON l.seq = r.seq {NAMES} ORDER BY l.as_of DESC, r.seq DESC, r.place
    """  # noqa: S608 - constants
    return [_result(row) for row in db.execute(query, {"record": record})]


def kept_columns(db: sqlite3.Connection, record_id: str) -> dict[str, Any]:
    """Give the kept columns of a record as they came with the newest live part that has some."""
    record = find_record(db, record_id)
    query = f"""
        SELECT k.kept FROM ({LANES_OF_RECORD}) w
        CROSS JOIN kept k ON k.seq = w.seq AND k.record = :record
        JOIN lane l ON l.seq = w.seq
        JOIN run u ON u.run = l.run
        WHERE u.purpose = 'live' ORDER BY l.as_of DESC, l.seq DESC LIMIT 1
    """  # noqa: S608 - constants
    found = db.execute(query, {"record": record}).fetchone()
    return {} if found is None else msgspec.json.decode(found[0], type=dict[str, Any])


def _result(row: tuple[Any, ...]) -> Result:
    *told, as_of, scored_at = row
    return read_result((*told, moment(as_of), moment(scored_at)))
