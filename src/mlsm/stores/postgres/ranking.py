"""The rule of what is current, as a query of PostgreSQL."""

from __future__ import annotations

from mlsm.stores._ranking import CURRENT, SCORES, Rule

__all__ = ["CURRENT", "SCORES", "Rule", "newest"]


def newest(rule: Rule, records: str) -> str:
    """Write the query of the newest seat of each kind, of some records.

    Args:
        rule: `CURRENT` or `SCORES`.
        records: a condition on `p.record`.
    """
    return f"""
        SELECT DISTINCT ON (p.record, {rule.each}) p.record, p.seq, s.place
        FROM pointer p
        JOIN seat s ON s.roster = p.roster
        JOIN model m ON m.model = s.model
        WHERE {records} AND {rule.only}
        ORDER BY p.record, {rule.each}, p.as_of DESC, p.seq DESC, s.place DESC
    """  # noqa: S608 - constants
