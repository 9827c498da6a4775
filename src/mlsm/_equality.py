"""When two numbers, or two values made of them, count as equal.

Sums in another order, `math.exp`, numpy and polars differ in the last bits, and so does a
product of matrices by the number of its rows.
"""

from __future__ import annotations

from typing import Any

__all__ = ["TOLERANCE", "alike", "near"]

TOLERANCE = 1e-9
"""Relative to the greater number, or to 1 where both are smaller."""


def near(one: float, other: float, *, tolerance: float = TOLERANCE) -> bool:
    """Tell whether two numbers differ by no more than their last bits may.

    Example:
        >>> near(0.1 + 0.2, 0.3), near(100.0, 100.1)
        (True, False)
    """
    return abs(one - other) <= tolerance * max(1.0, abs(one), abs(other))


def alike(one: Any, other: Any, *, tolerance: float = TOLERANCE) -> bool:
    """Tell whether two JSON values are the same but for the last bits of numbers in them.

    Example:
        >>> alike({"odds": [0.1 + 0.2, 1]}, {"odds": [0.3, 1.0]}), alike([1], [True])
        (True, False)
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other or near(one, other, tolerance=tolerance)
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key], tolerance=tolerance) for key in one)
    if isinstance(one, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(alike(*pair, tolerance=tolerance) for pair in pairs)
    return bool(one == other)
