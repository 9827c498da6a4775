"""Values that pass between everything: outcomes, results, what a summary sees, errors."""

import pickle
from typing import Any

import msgspec
import pytest

import mlsm
from mlsm import Failure, Outcome, Problem, Reasons, Result, Substitute, Upstream, errors
from mlsm._result import OUTCOMES

RESULT = Result(record_id="42", model="fit", version="1", status="active", outcome=Outcome.OK, score=72.0, label="B")


def test_outcomes_are_stored_by_these_numbers() -> None:
    """The codes are in people's stores: new outcomes come behind, none ever moves."""
    assert {
        "ok": 0, "abstained": 1, "invalid": 2, "error": 3, "timeout": 4, "crashed": 5, "skipped": 6,
    } == {outcome.value: outcome.code for outcome in Outcome}  # fmt: skip
    assert list(Outcome) == [OUTCOMES[outcome.code] for outcome in Outcome]


def test_a_record_that_does_not_fit_is_no_failure_of_the_model() -> None:
    """Only what the model itself did counts as failed."""
    assert ["error", "timeout", "crashed", "skipped"] == [outcome.value for outcome in Outcome if outcome.failed]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_result_is_usable_where_it_is_ok_or_has_a_substitute(outcome: Outcome) -> None:
    """A value that stands in makes a failed result usable; the outcome stays what it was."""
    result = msgspec.structs.replace(RESULT, outcome=outcome)
    assert (outcome is Outcome.OK) == result.usable
    assert msgspec.structs.replace(result, substitute=Substitute(score=1.0)).usable


def test_a_result_is_a_value() -> None:
    """It cannot be changed, is equal by what it holds, and goes to JSON and back whole."""
    with pytest.raises(AttributeError, match="immutable type: 'Result'"):
        RESULT.score = 1.0  # type: ignore[misc]
    error = Failure(
        type="E", message="m", problems=(Problem(path="a", problem="b", expected="c", got="d"),), culprits=("x@1",)
    )
    whole = msgspec.structs.replace(RESULT, output={"a": [1]}, reasons=Reasons(baseline=1.0), error=error)
    assert whole == msgspec.json.decode(msgspec.json.encode(whole), type=Result)
    assert "fit@1" == whole.key


def test_what_a_summary_sees_is_a_view() -> None:
    """Its output is read anew each time, so that what one summary changes no other sees."""
    seen = Upstream(1.0, "A", '{"a":[1]}', source=("fit", "1", "active"))
    seen.output["a"].append(2)
    assert ({"a": [1]}, True) == (seen.output, seen.usable)
    failed = Upstream(outcome=Outcome.ERROR, source=("fit", "1", "active"))
    assert (None, False) == (failed.output, failed.usable)


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name != "MlsmError"])
def test_an_error_keeps_its_facts(name: str) -> None:
    """Every error has a natural parent, says its problems and the way out, and can be pickled."""
    kind: Any = getattr(errors, name)
    error = kind("No 'fit'.", hint="Run `mlsm list`.", problems=["one", "two"])
    assert "No 'fit'.\n  - one\n  - two\nHint: Run `mlsm list`." == str(error)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (kind, "No 'fit'.", "Run `mlsm list`.", ("one", "two")) == (
        type(again),
        again.message,
        again.hint,
        again.problems,
    )
    assert name == "SummaryModelListException" or any(parent.__module__ == "builtins" for parent in kind.__mro__[1:-3])
    assert f"{name}" in (errors.__doc__ or "")


def test_errors_can_be_caught_as_one() -> None:
    """Whatever mlsm refuses can be caught as `MlsmError`."""
    with pytest.raises(errors.MlsmError):
        mlsm.score_one([], {})
