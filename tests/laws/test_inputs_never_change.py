"""A record is never changed, whatever the models do to what they are handed."""

from copy import deepcopy
from typing import Any

import polars as pl
from hypothesis import given
from tests.laws.effort import effort
from tests.laws.generators import Case, cases

import mlsm


def as_objects(case: Case) -> pl.DataFrame:
    """Give the records as a frame of Python objects, which nothing keeps from being changed."""
    names = list(dict.fromkeys(name for record in case.records for name in record))
    columns = [pl.Series(name, [record.get(name) for record in case.records], pl.Object()) for name in names]
    return pl.DataFrame(columns).with_columns(id=pl.Series([str(record["id"]) for record in case.records]))


def shown(value: Any) -> str:
    return repr(value)


@effort(30)
@given(cases())
def test_scoring_changes_no_record(case: Case) -> None:
    """Records, scored alone, together, or out of a frame of objects, are afterwards what they were."""
    before = shown(deepcopy(case.records))
    for record in case.records:
        mlsm.score_one(case.catalog, record, **case.options)
    assert before == shown(case.records)
    mlsm.score(case.catalog, case.records, part_rows=case.part_rows, **case.options)
    assert before == shown(case.records)
    frame = as_objects(case)
    mlsm.score(case.catalog, frame, part_rows=case.part_rows, **case.options)
    assert before == shown(case.records)


@effort(30)
@given(cases())
def test_a_second_scoring_repeats_the_first(case: Case) -> None:
    """Nothing of a scoring is left behind: defaults, catalogs and models answer the second time as the first."""
    catalog = case.catalog
    first = [result for record in case.records for result in mlsm.score_one(catalog, record, **case.options)]
    second = [result for record in case.records for result in mlsm.score_one(catalog, record, **case.options)]
    mlsm.testing.assert_same(first, second, exact=True)
