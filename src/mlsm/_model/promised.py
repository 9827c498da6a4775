"""What a model promises of its answers: the range of its score, and its labels."""

from __future__ import annotations

from typing import Any

from mlsm.errors import DeclarationError

__all__ = ["read_labels", "read_range"]


def read_range(declared: Any, name: object) -> tuple[float, float] | None:
    """Read the least and the greatest score; whether they stand in order is looked at with the catalog.

    Raises:
        DeclarationError: there are not two numbers.

    Example:
        >>> read_range((0, 100), "fit")
        (0.0, 100.0)
    """
    if declared is None:
        return None
    try:
        least, greatest = declared
        return float(least), float(greatest)
    except (TypeError, ValueError):
        raise DeclarationError(
            f"The range {declared!r} of model {name!r} cannot be read; expected the least score, then the greatest.",
            hint="Write range=(0, 100).",
        ) from None


def read_labels(declared: Any, name: object) -> tuple[str, ...] | None:
    """Read the labels, the best first; a text alone is one label.

    Raises:
        DeclarationError: one is no text, or stands there twice.

    Example:
        >>> read_labels(["A", "B"], "fit"), read_labels("hot", "fit")
        (('A', 'B'), ('hot',))
    """
    if declared is None:
        return None
    listed = (declared,) if isinstance(declared, str) else tuple(declared)
    if not all(isinstance(label, str) for label in listed) or len(set(listed)) < len(listed):
        raise DeclarationError(
            f"The labels {list(listed)!r} of model {name!r} cannot be used; expected texts, each once, the best first.",
            hint='Write labels=("A", "B", "C").',
        )
    return listed
