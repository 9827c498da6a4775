"""A model's answer to a record depends on nothing but the record: asked in any way, it is the same."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlsm._equality import TOLERANCE, near
from mlsm._result import Result
from mlsm.checks.finding import Finding
from mlsm.checks.subject import Subject

__all__ = ["alike", "check_answers"]

_RECORDS_MAX = 128
_SINGLE_MAX = 32


def check_answers(subject: Subject, records: Sequence[Mapping[str, Any]], *, seed: int = 0) -> list[Finding]:
    """Ask for the same records again, shuffled, in halves and singly, and compare.

    Args:
        subject: the model under check.
        records: records that satisfy its fields.
        seed: another one shuffles in another way.

    Returns:
        At most one finding: that it answers otherwise when asked again, or else beside
        other records.
    """
    stride = max(1, len(records) // _RECORDS_MAX)
    asked = list(records[::stride][:_RECORDS_MAX])
    if not asked:
        return []
    tolerance = subject.model.tolerance
    first = subject.score(asked)
    for record, one, other in zip(asked, first, subject.score(asked), strict=True):
        if not alike(one, other, tolerance):
            what = f"Asked twice about the same records, the answer was {_shown(one)}, then {_shown(other)}"
            return [_finding(subject, "again", f"{what}; expected the same answer.", record)]
    different: dict[str, tuple[Mapping[str, Any], Result, Result]] = {}
    for way, place, other in _ways(subject, asked, seed):
        if way not in different and not alike(first[place], other, tolerance):
            different[way] = asked[place], first[place], other
    if not different:
        return []
    record, one, other = next(iter(different.values()))
    what = f"The answer is {_shown(one)} among {len(asked)} records and {_shown(other)} {' and '.join(different)}"
    return [_finding(subject, "rowwise", f"{what}; expected the same answer.", record)]


def alike(one: Result, other: Result, tolerance: float = TOLERANCE) -> bool:
    """Tell whether two results are equal: the score within a tolerance, the rest exactly."""
    if (one.outcome, one.label, one.output) != (other.outcome, other.label, other.output):
        return False
    problems = [() if result.error is None else result.error.problems for result in (one, other)]
    fields = [() if r.reasons is None else tuple(reason.field for reason in r.reasons.items) for r in (one, other)]
    if problems[0] != problems[1] or fields[0] != fields[1]:
        return False
    if one.score is None or other.score is None:
        return one.score is other.score
    return near(one.score, other.score, tolerance=tolerance)


def _ways(subject: Subject, asked: list[Mapping[str, Any]], seed: int) -> Iterator[tuple[str, int, Result]]:
    """Yield the way of asking, the record's place, and the answer."""
    order = list(range(len(asked)))
    random.Random(seed).shuffle(order)  # noqa: S311 - a seed is wanted
    for place, result in zip(order, subject.score([asked[place] for place in order]), strict=True):
        yield "in another order", place, result
    half = len(asked) // 2
    for start, part in ((0, asked[:half]), (half, asked[half:])):
        for place, result in enumerate(subject.score(part) if part else (), start=start):
            yield "in halves", place, result
    stride = max(1, len(asked) // _SINGLE_MAX)
    for place in range(0, len(asked), stride):
        yield "alone", place, subject.score([asked[place]])[0]
        yield "scored one by one", place, subject.score_one(asked[place])


def _finding(subject: Subject, check: Any, what: str, record: Mapping[str, Any]) -> Finding:
    return Finding(model=subject.model.key, check=check, what=what, record=record)


def _shown(result: Result) -> str:
    parts = [str(result.outcome)]
    parts += [f"score {result.score!r}"] if result.score is not None else []
    parts += [f"label {result.label!r}"] if result.label is not None else []
    return " ".join(parts)
