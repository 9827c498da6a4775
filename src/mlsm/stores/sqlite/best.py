"""The best results of a model, and the last good ones of some records."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Sequence

import polars as pl

from mlsm._result import Result
from mlsm.contracts import last_good_schema
from mlsm.stores.sqlite.ranking import CURRENT, SCORES, Rule, newest
from mlsm.stores.sqlite.reading import current_results
from mlsm.stores.sqlite.records import as_json

__all__ = ["best_results", "last_good_results"]

_RECORDS = 65_536
"""Records that are ranked at a time."""
_ROSTERS = """SELECT DISTINCT s.roster FROM seat s JOIN model m ON m.model = s.model
    WHERE s.status = 'active' AND m.name IN (SELECT value FROM json_each(?))"""
_GOOD = """SELECT r.record, m.name, l.as_of, l.seq, s.place FROM lane l
    CROSS JOIN result r ON r.seq = l.seq AND r.outcome = 0
    CROSS JOIN seat s ON s.roster = l.roster AND s.place = r.place AND s.status = 'active'
    CROSS JOIN model m ON m.model = s.model AND m.name IN (SELECT value FROM json_each(:names))"""
_OF_ONE = f"""{_GOOD} JOIN run u ON u.run = l.run AND u.purpose = 'live'
    WHERE l.records = 1 AND l.low IN (SELECT value FROM json_each(:records))"""  # noqa: S608 - constants
_OF_MANY = f"{_GOOD} WHERE l.seq = :seq AND r.record IN (SELECT value FROM json_each(:records))"  # noqa: S608 - constants
_LARGE = f"""SELECT l.seq FROM lane l JOIN run u ON u.run = l.run AND u.purpose = 'live'
    WHERE l.records > 1 AND l.roster IN ({_ROSTERS}) AND l.low <= ? AND l.high >= ? ORDER BY l.as_of DESC, l.seq DESC"""  # noqa: S608 - constants


def best_results(db: sqlite3.Connection, model: str, n: int) -> list[Result]:
    """Give the n best results of a name (its scores) or a key (what is current), the best first."""
    name, _, version = model.partition("@")
    rule = CURRENT if version else SCORES
    own = f"{rule.only} AND m.name = ?" + (" AND m.version = ?" if version else "")
    query = f"""
        WITH ranked AS ({newest(Rule(each=rule.each, only=own), "p.record BETWEEN ? AND ?")})
        SELECT -r.score, x.record_id FROM ranked w
        CROSS JOIN result r ON r.seq = w.seq AND r.record = w.record AND r.place = w.place
        CROSS JOIN record x ON x.record = w.record
        WHERE w.nth = 1 AND r.outcome = 0 AND r.score IS NOT NULL ORDER BY 1, 2 LIMIT ?
    """  # noqa: S608 - constants
    (last,) = db.execute("SELECT coalesce(max(record), 0) FROM record").fetchone()
    asked = (name, version) if version else (name,)
    best: list[tuple[float, str]] = []
    for first in range(1, last + 1, _RECORDS):
        found = db.execute(query, (first, first + _RECORDS - 1, *asked, n)).fetchall()
        best = heapq.nsmallest(n, [*best, *found])
    return [
        one
        for _, record_id in best
        for one in current_results(db, record_id, rule)
        if model == (one.key if version else one.model)
    ]


def last_good_results(db: sqlite3.Connection, names: Sequence[str], record_ids: Sequence[str]) -> pl.DataFrame:
    """Give the newest good score, given as active, of each record and name."""
    wanted = as_json(list(names))
    known = dict(
        db.execute(
            "SELECT record, record_id FROM record WHERE record_id IN (SELECT value FROM json_each(?))",
            (as_json(list(record_ids)),),
        )
    )
    found: dict[tuple[int, str], tuple[int, int, int]] = {}
    missing = set(known)
    for record, name, *rank in db.execute(_OF_ONE, {"names": wanted, "records": as_json(list(known))}):
        at = (rank[0], rank[1], rank[2])
        found[record, name] = max(at, found.get((record, name), at))
    for (seq,) in db.execute(_LARGE, (wanted, max(known), min(known))) if known else ():
        asked = {"names": wanted, "records": as_json(sorted(missing)), "seq": seq}
        for record, name, *rank in db.execute(_OF_MANY, asked).fetchall():
            at = (rank[0], rank[1], rank[2])
            found[record, name] = max(at, found.get((record, name), at))
        # Lanes come newest first: a record of which all names are found is not asked for again.
        missing = {record for record in missing if any((record, name) not in found for name in names)}
        if not missing:
            break
    return _rows(db, [(seq, record, place) for (record, _), (_, seq, place) in found.items()])


def _rows(db: sqlite3.Connection, keys: Sequence[tuple[int, int, int]]) -> pl.DataFrame:
    query = """SELECT x.record_id, m.name, m.version, r.score, r.label, u.run_id, l.as_of FROM json_each(?) k
        CROSS JOIN result r ON r.seq = json_extract(k.value, '$[0]') AND r.record = json_extract(k.value, '$[1]')
            AND r.place = json_extract(k.value, '$[2]')
        JOIN lane l ON l.seq = r.seq JOIN run u ON u.run = l.run
        JOIN seat s ON s.roster = l.roster AND s.place = r.place JOIN model m ON m.model = s.model
        JOIN record x ON x.record = r.record"""
    schema = {**last_good_schema(), "as_of": pl.Int64()}
    rows = db.execute(query, (as_json(list(keys)),)).fetchall()
    return pl.DataFrame(rows, schema=schema, orient="row").cast({"as_of": pl.Datetime("us", "UTC")})
