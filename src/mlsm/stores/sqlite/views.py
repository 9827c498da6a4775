"""The views for people with SQL tools, and the joins that give a result its names.

- `mlsm_results`: every committed result, with `purpose`, `seq`, `part` and `lane`.
- `mlsm_current`: the current result of every record and model version.
- `mlsm_scores`: the score of every record and model name: what sales sees.

All three begin with `record_id, model, version, status, outcome, score, label, output,
reasons, error, substitute, given, run_id, as_of, scored_at, kept`: `outcome` in words,
times as ISO text in UTC, and `output`, `reasons`, `error`, `substitute`, `given` and `kept`
as JSON text, so that `json_extract(error, '$.message')` works on them. An index on the id
makes `WHERE record_id = '42'` quick.
"""

from __future__ import annotations

__all__ = ["GIVEN", "NAMES", "views"]

GIVEN = "coalesce(r.given, g.given)"
"""What a summary was handed: as a rule the same throughout a lane, but where a last good score was in it."""


def _iso(column: str) -> str:
    # The remainder is taken so that it is right before 1970, too.
    rest = f"(({column} % 1000000 + 1000000) % 1000000)"
    return f"strftime('%Y-%m-%dT%H:%M:%S', ({column} - {rest}) / 1000000, 'unixepoch') || printf('.%06dZ', {rest})"


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

_SHOWN = f"""
    x.record_id, m.name AS model, m.version, s.status, o.name AS outcome, r.score, r.label, r.output, r.reasons,
    r.error, r.substitute, CASE WHEN o.called THEN {{given}} END AS given, u.run_id,
    {_iso("l.as_of")} AS as_of, {_iso("l.scored_at")} AS scored_at, k.kept
"""


def _newest(same: str, only: str) -> str:
    """Select what no newer pointer of the same record replaces.

    This asks record by record, where reading.py ranks a range of records at once: that is
    quicker in bulk, this where one id is asked for.
    """
    return f"""
        FROM record x
        CROSS JOIN pointer p ON p.record = x.record
        CROSS JOIN seat s ON s.roster = p.roster
        CROSS JOIN model m ON m.model = s.model
        CROSS JOIN result r ON r.seq = p.seq AND r.record = p.record AND r.place = s.place
        CROSS JOIN lane l ON l.seq = p.seq
        CROSS JOIN run u ON u.run = l.run
        CROSS JOIN outcome o ON o.outcome = r.outcome
        LEFT JOIN given g ON g.seq = r.seq AND g.place = r.place
        LEFT JOIN kept k ON k.seq = coalesce(l.first, l.seq) AND k.record = r.record
        WHERE {only} NOT EXISTS (
            SELECT 1 FROM pointer q JOIN seat t ON t.roster = q.roster JOIN model n ON n.model = t.model
            WHERE q.record = p.record AND {same} AND (q.as_of, q.seq, t.place) > (p.as_of, p.seq, s.place)
        )
    """  # noqa: S608 - constants


_ALL = f"FROM lane l CROSS JOIN result r ON r.seq = l.seq {NAMES}"


def views(given: str) -> tuple[str, ...]:
    """Write the statements that make the views.

    Args:
        given: what a summary was handed, as a term over `result r` and `given g`.
    """
    shown = _SHOWN.format(given=given)
    return (
        f"CREATE VIEW mlsm_results AS SELECT {shown}, u.purpose, r.seq, l.part, l.lane {_ALL}",
        f"CREATE VIEW mlsm_current AS SELECT {shown} {_newest('t.model = s.model', '')}",
        f"""CREATE VIEW mlsm_scores AS SELECT {shown}
        {_newest("n.name = m.name AND t.status = 'active'", "s.status = 'active' AND")}""",
    )
