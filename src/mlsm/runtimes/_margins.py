"""Which number of a booster is the score, and how its margins become that number.

A booster adds up leaves to one margin, or one for each class; an objective's link makes the
prediction of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mlsm.contracts import NoReasonsError, Reasoned
from mlsm.errors import DeclarationError
from mlsm.runtimes._options import output_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Head", "Link", "head_of"]

Link: TypeAlias = Literal["identity", "logistic", "each", "softmax", "exponential", "other"]
"""How margins become predictions: as they are, by the logistic function (of one, or of each
class's), by all of them together, by the exponential function, or in a way that no reasons can follow."""

_CLASSIFIES = ("logistic", "each", "softmax")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What of a booster is the score.

    Args:
        of: the probability of a class, or the value.
        link: the objective's.
        margins: how many the booster adds up for a row.
        index: the class's, among the margins.
        flipped: whether it is the first of two classes, which have one margin between them.
        scale: the score is this times the number.
        steepness: what a margin is multiplied with before a logistic link.
    """

    of: Literal["probability", "value"]
    link: Link
    margins: int
    index: int
    flipped: bool
    scale: float
    steepness: float = 1.0

    @property
    def raw(self) -> bool:
        """Tell whether the score is a margin itself, before a link that the booster has."""
        return self.of == "value" and self.link in _CLASSIFIES

    @property
    def range(self) -> tuple[float, float] | None:
        """Give the least and the greatest score where they are known."""
        if self.of == "value":
            return None
        return min(0.0, self.scale), max(0.0, self.scale)

    @property
    def entangled(self) -> bool:
        """Tell whether every class's margin has a part in the score."""
        return self.of == "probability" and self.link == "softmax"

    def pick(self, predicted: NDArray[Any]) -> NDArray[np.float64]:
        """Take the score out of what the booster predicted: rows, or rows x classes."""
        import numpy as np

        number = predicted if predicted.ndim == 1 else predicted[:, self.index if self.margins > 1 else 0]
        number = number.astype(np.float64)
        if self.flipped:
            number = -number if self.of == "value" else 1.0 - number
        return number if self.scale == 1.0 else number * self.scale

    def reasoned(self, names: tuple[str, ...], added: NDArray[np.float64]) -> Reasoned:
        """Tell what each field added to the score.

        Args:
            names: the fields, in the order of the features.
            added: rows x margins x features, the last of them what the sum starts from.

        Raises:
            NoReasonsError: no sum gives the score.
        """
        from mlsm.runtimes._carried import against_others, exponential

        if self.link == "other":
            raise NoReasonsError
        own = added[:, self.index if self.margins > 1 else 0, :]
        if self.entangled:
            own = against_others(added, self.index)
        elif self.link == "exponential":
            own = exponential(own)
        own = -own if self.flipped else own
        if self.of == "probability":
            own = own * self.steepness
            return Reasoned(
                scale="log_odds", fields=names, contributions=own[:, :-1], baseline=own[:, -1], factor=self.scale
            )
        own = own * self.scale
        return Reasoned(fields=names, contributions=own[:, :-1], baseline=own[:, -1])


def head_of(options: Mapping[str, Any], link: Link, margins: int, steepness: float, what: str) -> Head:
    """Find out from the options which number is meant.

    Args:
        options: `output`, `class` and `scale`; `classes` names the classes in their order.
        link: the objective's.
        margins: how many the booster adds up for a row.
        steepness: what a margin is multiplied with before a logistic link.
        what: the file, for messages.

    Raises:
        DeclarationError: the booster has no such number.
    """
    output = output_of(options)
    classifies = link in _CLASSIFIES
    if output.of == "probability" and not classifies:
        raise DeclarationError(
            f"The option output is 'probability', but the booster of {what} is no classifier.",
            hint='Write output = "value", or nothing.',
        )
    count = 2 if classifies and margins == 1 else margins
    index = _index(options, output.target, count, what, classifies=classifies)
    return Head(
        of=output.of or ("probability" if classifies else "value"),
        link=link,
        margins=margins,
        index=index,
        flipped=classifies and margins == 1 and index == 0,
        scale=output.scale,
        steepness=steepness,
    )


def _index(options: Mapping[str, Any], target: str | None, count: int, what: str, *, classifies: bool) -> int:
    """Find a class among as many as there are; the last where none is named."""
    names = [str(name) for name in options.get("classes") or ()]
    if names and len(names) != count:
        raise DeclarationError(f"The option classes names {len(names)} classes, but the booster of {what} has {count}.")
    numbers = [str(index) for index in range(count)]
    if target is None and not classifies and count > 1:
        raise DeclarationError(
            f"The booster of {what} gives {count} numbers a row; expected the option class to tell which is the score.",
            hint='Count from 0: class = "0".',
        )
    if target is None:
        return count - 1
    if count == 1:
        raise DeclarationError(f"The option class is {target!r}, but the booster of {what} gives one number a row.")
    if target not in (names or numbers):
        raise DeclarationError(
            f"The option class is {target!r}; the booster of {what} has {names or numbers}.",
            hint=None
            if names
            else 'Its file does not hold the names; give them in their order: classes = ["no", "yes"].',
        )
    return (names or numbers).index(target)
