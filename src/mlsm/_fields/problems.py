"""What is wrong with a raw value, in words; and when a value counts as missing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from mlsm._fields.kinds import BLANKS, UNSET, Kind
from mlsm._guard import Raised, attempt
from mlsm._result import Problem

__all__ = ["UnreadableError", "is_missing", "missing", "problem_of"]

_SHOWN_MAX = 80


class UnreadableError(Exception):
    """A value that its kind does not take; never leaves `_fields`."""

    def __init__(self, problem: str = "wrong type") -> None:
        super().__init__(problem)
        self.problem = problem


def is_missing(value: Any, null: frozenset[str]) -> bool:
    """Tell whether a raw value counts as missing."""
    if value is None or value is UNSET:
        return True
    if isinstance(value, str):
        if not value or value[0] in BLANKS or value[-1] in BLANKS:
            value = value.strip(BLANKS)
        return not value or value in null
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, (float, datetime)) or getattr(value, "ndim", None) == 0:  # a scalar of numpy, too
        return bool(value != value)  # noqa: PLR0124 - NaN and NaT differ from themselves
    return bool(type(value).__name__ == "NAType")


def missing(path: str, kind: Kind) -> Problem:
    """Say that a required value is missing."""
    return Problem(path=path, problem="missing", expected=str(kind), got="nothing")


def problem_of(path: str, kind: Kind, problem: str, value: Any) -> Problem:
    """Say what is wrong with a value, showing the beginning of it."""
    got = attempt(repr, value[:_SHOWN_MAX] if isinstance(value, str) else value)
    if isinstance(got, Raised):
        got = f"a {type(value).__name__} that cannot be shown ({got.failure.type})"
    got = got.encode(errors="backslashreplace").decode()
    if len(got) > _SHOWN_MAX:
        got = got[:_SHOWN_MAX] + "…"
    return Problem(path=path, problem=problem, expected=str(kind), got=got)
