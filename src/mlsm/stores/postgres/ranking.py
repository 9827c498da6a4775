"""The rule of what is current, in one place.

Among the live lanes that hold results of a record, a pointer names for each roster the
newest by (as_of, seq). A model version, or for the score a name seated as active, may sit
in several rosters: the newest pointer decides. Where a lane seats two active versions of
one name, the later in the catalog decides.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CURRENT", "SCORES", "Rule", "newest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Of what there is one result a record: `each`; and which seats count: `only`."""

    each: str
    only: str


CURRENT = Rule(each="s.model", only="TRUE")
SCORES = Rule(each="m.name", only="s.status = 'active'")


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
