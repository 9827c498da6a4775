"""What every kind of artefact may be told of its answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlsm.errors import DeclarationError

__all__ = ["Output", "output_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Which of an artefact's numbers is the score.

    Args:
        of: the probability of a class, or the value itself (of a classifier: what it decides
            by, before any link); None where the artefact's kind decides.
        target: the class whose probability it is, as text; None for the last.
        scale: the score is this times the number.
        tensor: the name of an output, where there are several.
    """

    of: Literal["probability", "value"] | None = None
    target: str | None = None
    scale: float = 1.0
    tensor: str | None = None


def output_of(options: Mapping[str, Any]) -> Output:
    """Read the options `output`, `class`, `scale` and `tensor`.

    Raises:
        DeclarationError: one of them is nothing that can be meant.

    Example:
        >>> output_of({"class": "yes", "scale": 100})
        Output(of=None, target='yes', scale=100.0, tensor=None)
    """
    of = options.get("output")
    if of not in (None, "probability", "value"):
        raise DeclarationError(f"The option output is {of!r}; expected 'probability' or 'value'.")
    scale = options.get("scale", 1.0)
    if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not math.isfinite(scale) or scale == 0:
        raise DeclarationError(f"The option scale is {scale!r}; expected a number other than 0.")
    target, tensor = options.get("class"), options.get("tensor")
    return Output(
        of=of,
        target=None if target is None else str(target),
        scale=float(scale),
        tensor=None if tensor is None else str(tensor),
    )
