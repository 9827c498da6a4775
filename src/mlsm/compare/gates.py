"""What must hold before a version is promoted: `error_rate<=active`, `swap<0.05`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from mlsm.compare.measures import OF_BOTH, OF_ONE, Comparison
from mlsm.errors import InputError

__all__ = ["Gate", "GateAnswer", "read_gate"]

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_GATE = re.compile(r"\s*([a-z_]+)\s*(<=|>=|<|>)\s*(active|[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?%?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """Whether a gate holds, and the numbers that say so; `got` is None where it cannot be told."""

    gate: str
    holds: bool
    got: float | None
    bound: float | None

    @property
    def told(self) -> str:
        """Say it in words."""
        got = "cannot be told" if self.got is None else f"is {self.got:.6g}"
        bound = "" if self.bound is None else f", bound {self.bound:.6g}"
        return f"{self.gate}: {got}{bound}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One condition: a measure, a sign, and a number or `active` (None)."""

    text: str
    measure: str
    sign: str
    bound: float | None

    def answer(self, comparison: Comparison) -> GateAnswer:
        """Hold a comparison against this: its first version is the active one, its second the candidate.

        What cannot be told does not hold.
        """
        measures = comparison.measures
        if self.measure in OF_ONE:
            got = measures[comparison.second][self.measure]
            bound = measures[comparison.first][self.measure] if self.bound is None else self.bound
        else:
            got, bound = measures["both"][self.measure], self.bound
        holds = got is not None and bound is not None and _SIGNS[self.sign](got, bound)
        return GateAnswer(gate=self.text, holds=holds, got=got, bound=bound)


def read_gate(text: str) -> Gate:
    """Read a condition.

    Args:
        text: a measure, one of `<`, `<=`, `>`, `>=`, and a number, a percentage, or `active`.

    Raises:
        InputError: it is none, or names no measure.

    Example:
        >>> read_gate("invalid_rate < 1%").bound
        0.01
        >>> read_gate("error_rates<=active")
        Traceback (most recent call last):
        mlsm.errors.InputError: The gate 'error_rates<=active' names no measure; expected one of ok_rate, ...
        Hint: Write --require "error_rate<=active" or --require "swap<0.05".
    """
    hint = 'Write --require "error_rate<=active" or --require "swap<0.05".'
    found = _GATE.fullmatch(text)
    if found is None:
        raise InputError(f"The gate {text!r} is no condition; expected a measure, a sign and a number.", hint=hint)
    measure, sign, bound = found.groups()
    if measure not in (*OF_ONE, *OF_BOTH):
        known = ", ".join((*OF_ONE, *OF_BOTH))
        raise InputError(f"The gate {text!r} names no measure; expected one of {known}.", hint=hint)
    if bound == "active" and measure in OF_BOTH:
        raise InputError(f"The gate {text!r} has no active side: {measure} is of both versions together.", hint=hint)
    number = None if bound == "active" else float(bound.rstrip("%")) / (100 if bound.endswith("%") else 1)
    return Gate(text=text.strip(), measure=measure, sign=sign, bound=number)
