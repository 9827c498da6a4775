"""A number that a final estimator sees, as a function of one field: the unit that tables are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Column", "OpaqueError"]


class OpaqueError(Exception):
    """Something is not written down as tables; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A number that follows from one field: by arithmetic, or by looking a value up.

    Arithmetic keeps the library's own order, so that the numbers are the same bit for bit
    and fall on the same side of a tree's split.

    Args:
        place: the feature's, in the estimator's order.
        steps: what is done to the number, in order.
        table: the number for each value, in place of steps.
        other: the number for a value that the table lacks.
        known: the only values that are not refused, None where none is.
        missing: what a missing value becomes; NaN where it stays missing, None where it is refused.
        centre: what the field's mean becomes, where a scaler or imputer was fitted with one, else zero.
    """

    place: int
    steps: tuple[tuple[str, float], ...] = ()
    table: Mapping[Any, float] | None = None
    other: float = 0.0
    known: frozenset[Any] | None = None
    missing: Any = math.nan
    centre: float = 0.0

    @property
    def empty(self) -> bool:
        """Tell whether a missing value is still missing here."""
        return isinstance(self.missing, float) and math.isnan(self.missing)

    def apply(self, sign: str, number: float, *, centre: float | None = None) -> Column:
        """Give the column after one more step of arithmetic."""
        if self.table is None:
            steps, table = (*self.steps, (sign, number)), None
        else:
            steps, table = (), {value: counted(sign, old, number) for value, old in self.table.items()}
        return replace(
            self,
            steps=steps,
            table=table,
            other=counted(sign, self.other, number),
            missing=counted(sign, self.missing, number) if isinstance(self.missing, (int, float)) else self.missing,
            centre=counted(sign, self.centre, number) if centre is None else centre,
        )

    def fill(self, filling: Any, *, centred: bool) -> Column:
        """Give the column with what is missing filled, by a mean or median if `centred`."""
        table = self.table
        if table is not None:
            table = {value: filling if math.isnan(number) else number for value, number in table.items()}
        return replace(
            self,
            table=table,
            other=filling if math.isnan(self.other) else self.other,
            missing=filling if self.empty else self.missing,
            centre=filling if centred and not self.centre else self.centre,
        )

    @property
    def affine(self) -> tuple[float, float]:
        """Give slope and offset of the steps."""
        slope, offset = 1.0, 0.0
        for sign, number in self.steps:
            if sign in "*/":
                slope = counted(sign, slope, number)
            offset = counted(sign, offset, number)
        return slope, offset

    def written(self, value: str, table: str) -> str:
        """Write the column as a Python expression, given the names of the field's value and of `lookup`."""
        if self.table is not None:
            return f"{table}.get({value}, {number_text(self.other)})"
        text = value
        for sign, number in self.steps:
            text = f"({text} {sign} {number_text(number)})"
        return text if self.missing is None else f"({number_text(self.missing)} if {value} is None else {text})"

    @property
    def lookup(self) -> dict[Any, float]:
        """Give the table with the missing value in it."""
        found = dict(self.table or {})
        return found if self.missing is None else {**found, None: float(self.missing)}


def counted(sign: str, left: float, right: float) -> float:
    """Do one step of arithmetic."""
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    return left * right if sign == "*" else left / right


def number_text(number: float) -> str:
    """Write a number so that compiled code reads the same one; `nan` and `inf` are names there."""
    return repr(float(number))
