"""When two results are equal: the same whichever way a record came and was scored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from mlsm._equality import TOLERANCE, alike
from mlsm._result import Failure, Reasons, Result

__all__ = ["assert_same", "differences", "same_result"]


def same_result(one: Result, other: Result, *, exact: bool, tolerance: float = TOLERANCE) -> bool:
    """Tell whether two results say the same; run ids and times of day are no part of that.

    Args:
        one: a result.
        other: another.
        exact: whether numbers agree bit for bit and errors word for word, as they do for
            functions of one row and plain points. Else numbers may differ in their last
            bits, and an error's words with the number of rows that it was raised for.
        tolerance: how far numbers may lie apart, relative to the greater of them and 1.

    Example:
        >>> from mlsm import Outcome, Result
        >>> one = Result(record_id="7", model="fit", version="1", status="active", outcome=Outcome.OK, score=0.3)
        >>> other = msgspec.structs.replace(one, score=0.1 + 0.2, run_id="another")
        >>> same_result(one, other, exact=False), same_result(one, other, exact=True)
        (True, False)
    """
    return not differences(one, other, exact=exact, tolerance=tolerance)


def differences(one: Result, other: Result, *, exact: bool, tolerance: float = TOLERANCE) -> list[str]:
    """Name what two results say differently, each with both values; [] where they are equal."""
    compared = _shown(one, exact=exact), _shown(other, exact=exact)
    found = []
    for name in compared[0]:
        first, second = compared[0][name], compared[1][name]
        same = _encode(first) == _encode(second) if exact else alike(first, second, tolerance=tolerance)
        if not same:
            found.append(f"{name}: {first!r} and {second!r}")
    return found


def assert_same(
    expected: Iterable[Result], actual: Iterable[Result], *, exact: bool, tolerance: float = TOLERANCE
) -> None:
    """Assert that two scorings gave equal results in the same order.

    Args:
        expected: results.
        actual: results.
        exact: as for `same_result`.
        tolerance: as for `same_result`.

    Raises:
        AssertionError: they differ; the first ten differences are told.
    """
    first, second = list(expected), list(actual)
    if len(first) != len(second):
        raise AssertionError(f"{len(first)} results were expected, there are {len(second)}.")
    told = []
    for one, other in zip(first, second, strict=True):
        found = differences(one, other, exact=exact, tolerance=tolerance)
        told += [f"{one.record_id!r}, {one.key}: {difference}" for difference in found]
    if told:
        raise AssertionError("\n".join([f"{len(told)} differences:", *told[:10]]))


_encode = msgspec.json.Encoder(order="sorted").encode


def _shown(result: Result, *, exact: bool) -> dict[str, Any]:
    """Give the parts of a result that count, as JSON values."""
    return {
        "record_id": result.record_id,
        "model": result.key,
        "status": result.status,
        "outcome": result.outcome.value,
        "score": result.score,
        "label": result.label,
        "output": result.output,
        "reasons": _reasons(result.reasons),
        "error": _failure(result.error, exact=exact),
        "substitute": msgspec.to_builtins(result.substitute),
        "given": [given.model for given in result.given],
    }


def _reasons(reasons: Reasons | None) -> Any:
    shown = msgspec.to_builtins(reasons)
    if shown is not None:
        shown["items"] = list(shown["items"])
    return shown


def _failure(failure: Failure | None, *, exact: bool) -> Any:
    if failure is None:
        return None
    shown: dict[str, Any] = msgspec.to_builtins(failure)
    shown["problems"], shown["culprits"] = list(shown["problems"]), list(shown["culprits"])
    return shown if exact else {name: shown[name] for name in ("problems", "culprits")}
