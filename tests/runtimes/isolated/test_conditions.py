"""The condition of an isolated model is asked where the model is, and comes to the same as inline."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.runtimes.isolated import conditions

import mlsm
from mlsm.contracts import Isolated
from mlsm.service import prepared
from mlsm.testing import assert_same

RECORDS = [{"id": str(x), "x": x} for x in range(1_000)]


def end(catalog: mlsm.Catalog) -> None:
    """Leave no process behind."""
    for step in prepared(catalog).steps:
        if isinstance(step.predictor, Isolated):
            step.predictor.end()


@pytest.mark.parametrize(
    "model", [conditions.rows, conditions.frames, conditions.timed, conditions.failing], ids=lambda model: model.name
)
def test_conditions_come_to_the_same_elsewhere(model: mlsm.Model) -> None:
    """Abstentions, what a condition raises and what the breaker counts are those of inline, in many and in one."""
    apart = mlsm.Catalog([model.with_isolation("process")])
    inline = list(mlsm.score([model], RECORDS))
    assert_same(inline, list(mlsm.score(apart, RECORDS)), exact=True)
    if model is not conditions.failing:  # a breaker's memory is that of a part, or lasts
        ones = [result for record in RECORDS[:60] for result in mlsm.score_one(apart, record)]
        assert_same(inline[:60], ones, exact=True)
    end(apart)


def test_conditions_come_to_the_same_in_another_environment(other_python: Path) -> None:
    """A function and its condition need Python and msgspec there, no more."""
    apart = mlsm.Catalog([conditions.rows.with_isolation("env", python=other_python)])
    assert_same(list(mlsm.score([conditions.rows], RECORDS)), list(mlsm.score(apart, RECORDS)), exact=True)
    end(apart)


def test_a_condition_may_hang_and_crash() -> None:
    """It costs its own records."""
    catalog = mlsm.Catalog([conditions.hangs])
    outcomes = {result.record_id: str(result.outcome) for result in mlsm.score(catalog, RECORDS)}
    expected = {str(x): "ok" if x % 2 else "abstained" for x in range(1_000)} | {"503": "timeout", "703": "crashed"}
    assert expected == outcomes
    end(catalog)
