"""The rule of what is current, in SQL: which seats count, and of what there is one a record.

Among the live lanes that hold results of a record, a pointer names for each roster the
newest by (as_of, seq). A model version, or for the score a name seated as active, may sit
in several rosters: the newest pointer decides. Where a lane seats two active versions of
one name, the later in the catalog decides.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CURRENT", "SCORES", "Rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Of what there is one result a record: `each`; and which seats count: `only`."""

    each: str
    only: str


CURRENT = Rule(each="s.model", only="TRUE")
SCORES = Rule(each="m.name", only="s.status = 'active'")
