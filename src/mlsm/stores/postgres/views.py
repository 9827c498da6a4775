"""The views for people with SQL tools.

- `mlsm_results`: every committed result, with `purpose`, `seq`, `part` and `lane`.
- `mlsm_current`: the current result of every record and model version.
- `mlsm_scores`: the score of every record and model name: what sales sees.

All three begin with `record_id, model, version, status, outcome, score, label, output,
reasons, error, substitute, given, run_id, as_of, scored_at, kept`: `outcome` in words, times
as `timestamptz`, and `output`, `reasons`, `error`, `substitute`, `given` and `kept` as
`json`, so that `error ->> 'message'` works on them.
"""

from __future__ import annotations

__all__ = ["GIVEN", "NAMES", "views"]

GIVEN = "coalesce(r.given, g.given)"
"""What a summary was handed: as a rule the same throughout a lane, but where a last good score was in it."""

NAMES = """
    JOIN run u ON u.run = l.run
    JOIN seat s ON s.roster = l.roster AND s.place = r.place
    JOIN model m ON m.model = s.model
    JOIN outcome o ON o.outcome = r.outcome
    JOIN record x ON x.record = r.record
    LEFT JOIN given g ON g.seq = r.seq AND g.place = r.place
    LEFT JOIN kept k ON k.seq = coalesce(l.first, l.seq) AND k.record = r.record
"""
"""What joins to `result r` and its `lane l` all that is told of a result."""


def _moment(column: str) -> str:
    return f"timestamptz '1970-01-01 00:00:00Z' + {column} * interval '1 microsecond'"


_SHOWN = f"""
    x.record_id, m.name AS model, m.version, s.status, o.name AS outcome, r.score, r.label, r.output::json AS output,
    r.reasons::json AS reasons, r.error::json AS error, r.substitute::json AS substitute,
    CASE WHEN o.called THEN ({{given}})::json END AS given, u.run_id,
    {_moment("l.as_of")} AS as_of, {_moment("l.scored_at")} AS scored_at, k.kept::json AS kept
"""


def _newest(same: str, only: str) -> str:
    """Select what no newer pointer of the same record replaces: quick where one id is asked for."""
    return f"""
        FROM pointer p
        JOIN seat s ON s.roster = p.roster
        JOIN model m ON m.model = s.model
        JOIN result r ON r.seq = p.seq AND r.record = p.record AND r.place = s.place
        JOIN lane l ON l.seq = p.seq
        JOIN run u ON u.run = l.run
        JOIN outcome o ON o.outcome = r.outcome
        JOIN record x ON x.record = p.record
        LEFT JOIN given g ON g.seq = r.seq AND g.place = r.place
        LEFT JOIN kept k ON k.seq = coalesce(l.first, l.seq) AND k.record = r.record
        WHERE {only} NOT EXISTS (
            SELECT 1 FROM pointer q JOIN seat t ON t.roster = q.roster JOIN model n ON n.model = t.model
            WHERE q.record = p.record AND {same} AND (q.as_of, q.seq, t.place) > (p.as_of, p.seq, s.place)
        )
    """  # noqa: S608 - constants


def views(given: str) -> tuple[str, ...]:
    """Write the statements that make the views, or make them anew.

    Args:
        given: what a summary was handed, as a term over `result r` and `given g`.
    """
    shown = _SHOWN.format(given=given)
    return (
        f"""CREATE OR REPLACE VIEW mlsm_results AS SELECT {shown}, u.purpose, r.seq, l.part, l.lane
        FROM lane l JOIN result r ON r.seq = l.seq {NAMES}""",  # noqa: S608 - constants
        f"CREATE OR REPLACE VIEW mlsm_current AS SELECT {shown} {_newest('t.model = s.model', '')}",
        f"""CREATE OR REPLACE VIEW mlsm_scores AS SELECT {shown}
        {_newest("n.name = m.name AND t.status = 'active'", "s.status = 'active' AND")}""",
    )
