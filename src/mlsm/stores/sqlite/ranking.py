"""The rule of what is current, as a query of SQLite."""

from __future__ import annotations

from mlsm.stores._ranking import CURRENT, SCORES, Rule

__all__ = ["CURRENT", "SCORES", "Rule", "newest"]


def newest(rule: Rule, records: str) -> str:
    """Write the query that ranks the seats of some records; the newest has `nth = 1`.

    Args:
        rule: `CURRENT` or `SCORES`.
        records: a condition on `p.record`.
    """
    return f"""
        SELECT p.record, p.seq, s.place, row_number() OVER (
            PARTITION BY p.record, {rule.each} ORDER BY p.as_of DESC, p.seq DESC, s.place DESC
        ) AS nth
        FROM pointer p
        CROSS JOIN seat s ON s.roster = p.roster
        CROSS JOIN model m ON m.model = s.model
        WHERE {records} AND {rule.only}
    """  # noqa: S608 - constants
