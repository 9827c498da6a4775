"""The best results of a model, and the last good ones of some records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from mlsm._result import Result
from mlsm.contracts import last_good_schema
from mlsm.stores.postgres.ranking import CURRENT, SCORES, Rule, newest
from mlsm.stores.postgres.reading import current_results
from mlsm.stores.postgres.records import as_json, storable

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["LAST_GOOD", "best_results", "last_good_results"]

_NAMES = "SELECT value FROM json_array_elements_text($1::json)"
_KNOWN = f"SELECT record FROM record WHERE record_id IN ({_NAMES})"  # noqa: S608 - constants
_LANES = f"""SELECT l.seq FROM lane l JOIN run u ON u.run = l.run AND u.purpose = 'live'
    WHERE l.low <= $3 AND l.high >= $2 AND (l.records > 1 OR l.low IN (
        SELECT value::bigint FROM json_array_elements_text($4::json)))
    AND l.roster IN (SELECT s.roster FROM seat s JOIN model m ON m.model = s.model
        WHERE s.status = 'active' AND m.name IN ({_NAMES}))
    ORDER BY l.as_of DESC, l.seq DESC"""  # noqa: S608 - constants
# Each record is looked for by the key: a server that has counted nothing yet would hold each against the whole lane.
LAST_GOOD = f"""SELECT r.record, x.record_id, m.name AS model, m.version, r.score, r.label, u.run_id,
        l.as_of, s.place::bigint AS place
    FROM json_array_elements_text($2::json) w
    CROSS JOIN LATERAL (
        SELECT * FROM result WHERE seq = $3 AND record = w.value::bigint AND outcome = 0 OFFSET 0
    ) r
    JOIN lane l ON l.seq = r.seq JOIN run u ON u.run = l.run JOIN record x ON x.record = r.record
    JOIN seat s ON s.roster = l.roster AND s.place = r.place AND s.status = 'active'
    JOIN model m ON m.model = s.model AND m.name IN ({_NAMES})"""  # noqa: S608 - constants


def best_results(db: Database, model: str, n: int) -> list[Result]:
    """Give the n best results of a name (its scores) or a key (what is current), the best first."""
    name, _, version = model.partition("@")
    rule = CURRENT if version else SCORES
    asked = (name, version) if version else (name,)
    own = f"{rule.only} AND m.name = $1" + (" AND m.version = $2" if version else "")
    query = f"""
        SELECT x.record_id FROM ({newest(Rule(each=rule.each, only=own), "TRUE")}) w
        JOIN result r ON r.seq = w.seq AND r.record = w.record AND r.place = w.place
        JOIN record x ON x.record = w.record
        WHERE r.outcome = 0 AND r.score IS NOT NULL ORDER BY r.score DESC, x.record_id LIMIT ${len(asked) + 1}
    """  # noqa: S608 - constants
    return [
        one
        for (record_id,) in db.rows(query, *asked, n)
        for one in current_results(db, record_id, rule)
        if model == (one.key if version else one.model)
    ]


def last_good_results(db: Database, names: Sequence[str], record_ids: Sequence[str]) -> pl.DataFrame:
    """Give the newest good score, given as active, of each record and name."""
    known = [record for (record,) in db.rows(_KNOWN, as_json([one for one in record_ids if storable(one)]))]
    wanted, frames = as_json(list(names)), [pl.DataFrame(schema=last_good_schema())]
    missing: dict[int, set[str]] = {record: set(names) for record in known}
    lanes = db.rows(_LANES, wanted, min(known), max(known), as_json(known)) if known else []
    for (seq,) in lanes:
        # Lanes come newest first: a record of which all names are found is not asked for again.
        rows = db.frame(LAST_GOOD, wanted, as_json(sorted(missing)), seq).sort("place", descending=True)
        rows = rows.unique(["record", "model"], keep="first", maintain_order=True)
        news = rows.filter(
            pl.Series([name in missing.get(record, ()) for record, name in rows.select("record", "model").iter_rows()],
                      dtype=pl.Boolean)
        )  # fmt: skip
        for record, name in news.select("record", "model").iter_rows():
            missing[record].discard(name)
            if not missing[record]:
                del missing[record]
        frames.append(
            news.with_columns(pl.col("as_of").cast(pl.Datetime("us", "UTC")))
            .select(list(last_good_schema()))
            .cast(pl.Schema(last_good_schema()))
        )
        if not missing:
            break
    return pl.concat(frames)
