"""What fails, fails alone: a poisoned record, a model that raises, one that is not there."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.laws.effort import effort
from tests.laws.functions import FRAMES, as_frame_function
from tests.laws.generators import Case, cases

import mlsm
from mlsm import Model, Result
from mlsm.testing import assert_same


class Poison:
    """A value that nothing can be done with."""

    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __len__ = __float__ = __iter__ = __repr__


def results_of(scores: Any, ids: set[str], keys: set[str]) -> list[Result]:
    return [result for result in scores if result.record_id in ids and result.key in keys]


@effort(30)
@given(cases(), st.integers(0, 8), st.integers(1, 9))
def test_a_poisoned_record_changes_no_other_result(case: Case, place: int, part_rows: int) -> None:
    """A record of values that cannot even be shown gets results of its own, and no other's results change."""
    columns = {field.column for fields in case.declared.values() for field in fields}
    poisoned = {"id": "poisoned", "data": Poison(), **{column: Poison() for column in columns}}
    expected = mlsm.score(case.catalog, case.records, part_rows=part_rows, **case.options)
    records = [*case.records[:place], poisoned, *case.records[place:]]
    actual = mlsm.score(case.catalog, records, part_rows=part_rows, **case.options)
    assert_same(expected, [result for result in actual if result.record_id != "poisoned"], exact=True)
    alone = mlsm.score_one(case.catalog, poisoned, **case.options)
    assert_same(alone, actual.record("poisoned"), exact=True)


def _raises(**_: Any) -> Any:
    raise MemoryError("all of it")


def _broken_frame(frame: str) -> Model:
    function = as_frame_function(frame, "scores", 0, wants_as_of=False, mutates=True)

    def broken(leads: Any) -> Any:
        function(leads)
        raise SystemExit(1)

    broken.__annotations__ = function.__annotations__
    return mlsm.model(name=f"broken-{frame}", version="1", fields={"f0": str | None}, batch=True, status="active")(
        broken
    )


BROKEN = (
    Model("broken", {"f0": str | None}, "1", lambda data, results: _raises(), "active"),
    Model("hollow", {"f1": str | None}, "1", lambda data, results: data.clear() or {}, "active"),
    *map(_broken_frame, FRAMES),
)


@effort(20)
@given(cases(), st.data())
def test_a_broken_model_changes_no_other_result(case: Case, data: st.DataObject) -> None:
    """Models that raise, exit and spoil what they are handed, beside the others, change none of their results."""
    models = data.draw(st.permutations((*case.models, *BROKEN)), label="models")
    expected = mlsm.score(case.catalog, case.records, part_rows=case.part_rows, **case.options)
    actual = mlsm.score(mlsm.Catalog(models), case.records, part_rows=case.part_rows, **case.options)
    keys = {result.key for result in expected}
    broken = {model.key for model in BROKEN}
    order = [model.key for model in case.catalog.running]
    others = sorted(results_of(actual, {r.record_id for r in expected}, keys), key=lambda r: order.index(r.key))
    assert_same(sorted(expected, key=lambda r: order.index(r.key)), others, exact=True)
    outcomes = {result.outcome.value for result in actual if result.key in broken}
    assert outcomes <= {"error", "invalid"}


@effort(30)
@given(cases(min_records=2), st.data())
def test_records_and_models_that_are_away_change_no_other_result(case: Case, data: st.DataObject) -> None:
    """Results of some of the records and some of the models are the same without the rest."""
    wanted = data.draw(st.lists(st.sampled_from(case.catalog.running or case.models), min_size=1), label="models")
    catalog = case.catalog.only([model.key for model in wanted])
    records = [record for record in case.records if data.draw(st.booleans(), label="kept")]
    expected = mlsm.score(case.catalog, case.records, **case.options)
    actual = mlsm.score(catalog, records, **case.options)
    ids = {result.record_id for result in actual}
    assert_same(results_of(expected, ids, {model.key for model in catalog.running}), actual, exact=True)
