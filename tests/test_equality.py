"""When two results are equal, and what is said where they are not."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from mlsm import Failure, Given, Outcome, Problem, Reason, Reasons, Result, Substitute
from mlsm._equality import alike, near
from mlsm.testing import assert_same, differences, same_result

PROBLEM = Problem(path="a", problem="missing", expected="int", got="nothing")
RESULT = Result(
    record_id="42", model="fit", version="1", status="active", outcome=Outcome.OK, score=0.3, label="B",
    output={"odds": [0.3, 1], "note": "x"}, reasons=Reasons(items=(Reason(field="a", contribution=0.3),)),
    given=(Given(model="age@1"),),
)  # fmt: skip
FAILED = Result(
    record_id="42", model="fit", version="1", status="active", outcome=Outcome.INVALID,
    error=Failure(type="InvalidRecord", message="1 problem: a: missing", problems=(PROBLEM,), culprits=("age@1",)),
)  # fmt: skip


def changed(result: Result, **changes: Any) -> Result:
    return msgspec.structs.replace(result, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"run_id": "other"},
        {"as_of": datetime.now(UTC)},
        {"scored_at": datetime.now(UTC)},
        {"given": (Given(model="age@1", run_id="r"),)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_runs_and_times_are_no_part_of_equality(changes: dict[str, Any]) -> None:
    """The same result of another run, at another time, is the same result."""
    assert [True, True] == [same_result(RESULT, changed(RESULT, **changes), exact=exact) for exact in (True, False)]


@pytest.mark.parametrize(
    "changes",
    [
        {"score": 0.1 + 0.2},
        {"output": {"odds": [0.1 + 0.2, 1], "note": "x"}},
        {"output": {"odds": [0.3, 1.0], "note": "x"}},
        {"reasons": Reasons(items=(Reason(field="a", contribution=0.1 + 0.2),))},
    ],
    ids=["score", "output", "whole number", "reasons"],
)
def test_last_bits_count_only_where_results_are_exact(changes: dict[str, Any]) -> None:
    """Numbers may differ in their last bits, and by the way they are written, unless exactness is asked for."""
    assert [True, False] == [same_result(RESULT, changed(RESULT, **changes), exact=exact) for exact in (False, True)]


@pytest.mark.parametrize(
    "changes",
    [
        {"record_id": "43"},
        {"model": "age"},
        {"version": "2"},
        {"status": "draft"},
        {"outcome": Outcome.ABSTAINED},
        {"score": 0.30001},
        {"score": None},
        {"label": "C"},
        {"label": None},
        {"output": {"odds": [0.3, 2], "note": "x"}},
        {"output": {"odds": [0.3, True], "note": "x"}},
        {"output": {"odds": [0.3, 1]}},
        {"output": {"odds": [0.3], "note": "x"}},
        {"output": None},
        {"reasons": None},
        {"reasons": Reasons(items=(Reason(field="b", contribution=0.3),))},
        {"reasons": Reasons(items=(Reason(field="a", contribution=0.4),))},
        {"given": ()},
        {"substitute": Substitute(score=1.0)},
        {"error": Failure(type="E", message="m")},
    ],
    ids=repr,
)
def test_whatever_else_differs_makes_another_result(changes: dict[str, Any]) -> None:
    """A difference in any part of a result is told by name."""
    for exact in (True, False):
        assert not same_result(RESULT, changed(RESULT, **changes), exact=exact)
        (told,) = differences(RESULT, changed(RESULT, **changes), exact=exact)
        assert told.partition(":")[0] in {*changes, "model"}


@pytest.mark.parametrize(
    ("error", "exact"),
    [
        (Failure(type="InvalidRecord", message="other words", problems=(PROBLEM,), culprits=("age@1",)), [True, False]),
        (
            Failure(type="Other", message="1 problem: a: missing", problems=(PROBLEM,), culprits=("age@1",)),
            [True, False],
        ),
        (Failure(type="InvalidRecord", message="1 problem: a: missing", culprits=("age@1",)), [False, False]),
        (Failure(type="InvalidRecord", message="1 problem: a: missing", problems=(PROBLEM,)), [False, False]),
        (
            Failure(
                type="InvalidRecord", message="1 problem: a: missing", problems=(PROBLEM, PROBLEM), culprits=("age@1",)
            ),
            [False, False],
        ),
    ],
    ids=["words", "type", "no problem", "no culprit", "twice"],
)
def test_problems_always_count_and_words_where_exact(error: Failure, exact: list[bool]) -> None:
    """Problems and culprits are facts; the words of an error may change with the number of rows."""
    assert exact == [same_result(FAILED, changed(FAILED, error=error), exact=found) for found in (False, True)]


def test_what_differs_is_told() -> None:
    """The first ten differences are told, each with its record, its model and both values."""
    assert_same([RESULT, FAILED], iter([RESULT, FAILED]), exact=True)
    with pytest.raises(AssertionError, match=r"1 results were expected, there are 2\."):
        assert_same([RESULT], [RESULT, FAILED], exact=True)
    with pytest.raises(AssertionError, match=r"12 differences:\n'42', fit@1: score: 0\.3 and 0\.4\n") as raised:
        assert_same([RESULT] * 12, [changed(RESULT, score=0.4)] * 12, exact=False)
    assert 11 == len(str(raised.value).splitlines())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1e12, 1e12 + 100, True),
        (1e12, 1e12 + 10_000, False),
        (0.0, 1e-10, True),
        (0.0, 1e-8, False),
        (-1.0, 1.0, False),
        (float("inf"), float("inf"), True),
    ],
)
def test_near_is_relative_to_the_greater_number_and_one(one: float, other: float, same: bool) -> None:
    """Large numbers may lie further apart, small ones count as if they were one."""
    assert same == alike(one, other)
    assert float("inf") == one or same == near(one, other)
