"""The one rule: records times model versions are the results, and the counts add up."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.laws.effort import effort
from tests.laws.generators import AS_OF, Case, cases

import mlsm

_NO_IDS: list[Any] = [None, True, " ", 1.5, "x" * 600, "a\x00", "\ud800", "r0"]
_NO_RECORDS: list[Any] = [5, None, "r1", {}, *({"id": no_id} for no_id in _NO_IDS)]


@effort(40)
@given(cases(), st.lists(st.tuples(st.integers(0, 9), st.sampled_from(_NO_RECORDS)), max_size=4))
def test_every_record_has_a_result_of_every_version(case: Case, mixed_in: list[tuple[int, Any]]) -> None:
    """Results are each record with each running version once, in order; all other rows are rejects."""
    rows = list(case.records)
    for place, broken in mixed_in:
        rows.insert(place, broken)
    scores = mlsm.score(case.catalog, rows, part_rows=case.part_rows, **case.options)
    keys = [model.key for model in case.catalog.running]
    ids = list(dict.fromkeys(result.record_id for result in scores))
    assert [(record_id, key) for record_id in ids for key in keys] == [(r.record_id, r.key) for r in scores]
    assert len(rows) == scores.report.records + len(scores.rejects) == scores.report.records + scores.report.rejected
    assert len(scores) == scores.report.records * len(keys) == len(ids) * len(keys)
    counted = Counter((result.key, result.outcome) for result in scores)
    told = {(key, outcome): n for key, counts in scores.counts().items() for outcome, n in counts.items() if n}
    assert dict(counted) == told
    assert {(result.record_id, result.key): result for result in scores} == {
        (result.record_id, result.key): result for record_id in ids for result in scores.record(record_id)
    }
    assert {result.as_of for result in scores} <= {AS_OF}
