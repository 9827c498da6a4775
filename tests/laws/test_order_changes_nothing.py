"""The order of models in a catalog, of records in an input and of cuts into parts is no part of the meaning."""

from hypothesis import given
from hypothesis import strategies as st
from tests.laws.effort import effort
from tests.laws.generators import Case, cases

import mlsm
from mlsm import Result
from mlsm.testing import assert_same


def by_key(scores: mlsm.Scores) -> list[Result]:
    return sorted(scores, key=lambda result: (result.record_id, result.key))


@effort(40)
@given(cases(), st.data())
def test_order_of_models_records_and_parts_changes_nothing(case: Case, data: st.DataObject) -> None:
    """Models and records in another order, cut into other parts, give the same results."""
    models = data.draw(st.permutations(case.models), label="models")
    records = data.draw(st.permutations(case.records), label="records")
    part_rows = data.draw(st.integers(1, 9), label="part_rows")
    expected = mlsm.score(mlsm.Catalog(case.models), case.records, part_rows=case.part_rows, **case.options)
    actual = mlsm.score(mlsm.Catalog(models), records, part_rows=part_rows, **case.options)
    assert_same(by_key(expected), by_key(actual), exact=True)
