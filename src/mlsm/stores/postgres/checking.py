"""Whether all that is stored adds up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlsm.stores._faults import block_faults, counting_faults, orphan_faults, returned_faults
from mlsm.stores.postgres.forgetting import tombstones

if TYPE_CHECKING:
    from mlsm.stores.postgres.connection import Database

__all__ = ["faults"]

_COUNTS = """
    SELECT u.run_id, u.pruned, u.rejects, (SELECT coalesce(sum(results), 0)::bigint FROM tally WHERE run = u.run),
        (SELECT count(*) FROM lane l JOIN result r ON r.seq = l.seq WHERE l.run = u.run),
        (SELECT count(*) FROM lane l JOIN reject j ON j.seq = l.seq WHERE l.run = u.run),
        u.parts, (SELECT count(*) FROM lane l WHERE l.run = u.run AND l.first IS NULL)
    FROM run u ORDER BY u.run
"""
_TALLIES = """
    WITH held AS (
        SELECT l.run, s.model, r.outcome, count(*) AS results FROM lane l JOIN result r ON r.seq = l.seq
        JOIN seat s ON s.roster = l.roster AND s.place = r.place GROUP BY 1, 2, 3
    ), told AS (SELECT run, model, outcome, results FROM tally)
    SELECT u.run_id, count(*) FROM (
        (SELECT * FROM held EXCEPT SELECT * FROM told) UNION ALL (SELECT * FROM told EXCEPT SELECT * FROM held)
    ) d JOIN run u ON u.run = d.run WHERE u.pruned = 0 GROUP BY u.run_id
"""
_RECORDS = """
    SELECT u.run_id, u.records, coalesce(h.held, 0) FROM run u LEFT JOIN (
        SELECT l.run, count(*) AS held FROM lane l JOIN result r ON r.seq = l.seq AND r.place = 0
        WHERE l.first IS NULL GROUP BY l.run
    ) h ON h.run = u.run WHERE u.pruned = 0 AND coalesce(h.held, 0) != u.records
"""
_ORPHANS = {
    "results of no lane": "SELECT count(*) FROM result WHERE seq NOT IN (SELECT seq FROM lane)",
    "results of no record": """SELECT count(*) FROM result r
        WHERE NOT EXISTS (SELECT 1 FROM record WHERE record = r.record)""",
    "results of no model": """SELECT count(*) FROM lane l JOIN result r ON r.seq = l.seq
        WHERE NOT EXISTS (
            SELECT 1 FROM seat s JOIN model m ON m.model = s.model WHERE s.roster = l.roster AND s.place = r.place
        )""",
    "results of no outcome": "SELECT count(*) FROM result WHERE outcome NOT IN (SELECT outcome FROM outcome)",
    # Who is forgotten is looked for within them.
    "results beyond the bounds of their lane": """SELECT count(*) FROM lane l JOIN result r ON r.seq = l.seq
        WHERE r.record NOT BETWEEN l.low AND l.high""",
    "lanes of no run": "SELECT count(*) FROM lane WHERE run NOT IN (SELECT run FROM run)",
    "lanes after a first one that is not there": """SELECT count(*) FROM lane l WHERE l.first IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM lane f WHERE f.seq = l.first AND f.run = l.run AND f.part = l.part)""",
    "kept columns of no lane or record": """SELECT count(*) FROM kept k WHERE seq NOT IN (SELECT seq FROM lane)
        OR NOT EXISTS (SELECT 1 FROM record WHERE record = k.record)""",
    "rejects of no lane": "SELECT count(*) FROM reject WHERE seq NOT IN (SELECT seq FROM lane)",
    "inputs of no lane": "SELECT count(*) FROM input WHERE seq NOT IN (SELECT seq FROM lane)",
    "pointers to results that are not there": """SELECT count(*) FROM pointer p
        WHERE NOT EXISTS (SELECT 1 FROM result r WHERE r.seq = p.seq AND r.record = p.record)""",
    "pointers to a trial, or to another list of models": """SELECT count(*) FROM pointer p
        JOIN lane l ON l.seq = p.seq JOIN run u ON u.run = l.run
        WHERE u.purpose != 'live' OR l.roster != p.roster OR l.as_of != p.as_of""",
    # A pointer that pruning removed is replaced for every seat by newer ones.
    "results that should be current and are not": """SELECT count(*) FROM lane l
        JOIN run u ON u.run = l.run AND u.purpose = 'live'
        JOIN result r ON r.seq = l.seq
        LEFT JOIN pointer p ON p.record = r.record AND p.roster = l.roster
        WHERE (p.seq IS NULL OR (p.as_of, p.seq) < (l.as_of, l.seq)) AND NOT EXISTS (
            SELECT 1 FROM seat s
            JOIN seat t ON t.model = s.model AND (s.status != 'active' OR t.status = 'active')
            JOIN pointer q ON q.record = r.record AND q.roster = t.roster
            WHERE s.roster = l.roster AND s.place = r.place AND (q.as_of, q.seq) > (l.as_of, l.seq)
        )""",
}
_BLOCK = """SELECT l.part, u.run_id, i.block FROM input i JOIN lane l ON l.seq = i.seq JOIN run u ON u.run = l.run
    WHERE i.seq = $1"""


def faults(db: Database) -> Iterator[str]:
    """Tell what does not add up, a sentence each."""
    yield from counting_faults(*(db.rows(query) for query in (_COUNTS, _TALLIES, _RECORDS)))
    yield from orphan_faults((what, db.rows(query)[0][0]) for what, query in _ORPHANS.items())
    yield from _damaged(db)
    yield from returned_faults(_returned(db))


def _damaged(db: Database) -> Iterator[str]:
    """Read each block of inputs, which the database itself cannot; one at a time, since they are large."""
    for (seq,) in db.rows("SELECT seq FROM input ORDER BY seq"):
        for part, run_id, stored in db.rows(_BLOCK, seq):
            yield from block_faults(run_id, part, stored)


def _returned(db: Database) -> int:
    stones = tombstones(db)
    found = 0
    if stones.marks:
        for table in ("record", "reject"):
            query = f"SELECT record_id FROM {table} WHERE record_id IS NOT NULL"  # noqa: S608 - constants
            found += sum(stones.among(db.frame(query).get_column("record_id")))
    return found
