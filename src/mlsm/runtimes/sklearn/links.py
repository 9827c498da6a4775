"""How the sums of a model, its margins, become the number that its library answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from mlsm.runtimes.sklearn.answers import Answer

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Link", "links_of"]

Kind: TypeAlias = Literal["identity", "logistic", "softmax", "shares", "clipped", "exp"]
"""As they are; the logistic function; its shares among classes, of all together or of each
one's own; cut at one to either side and halved; the exponential function."""

_LEAST = -700.0
"""Below it `exp` of the negative overflows, and the logistic function is `exp` itself to the last bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How margins become the score.

    Args:
        kind: by which function.
        index: the margin that is meant.
        steepness: what it is multiplied with first; -1 for the first of two classes.
        scale: what the result is multiplied with.
    """

    kind: Kind
    index: int = 0
    steepness: float = 1.0
    scale: float = 1.0

    def columns(self, margins: NDArray[np.float64]) -> NDArray[np.float64]:
        """Link margins, margins x rows, to scores."""
        with np.errstate(over="ignore"):  # exp of too much is infinite, which the functions are right about
            found = self._linked(margins)
        return found if self.scale == 1.0 else found * self.scale

    def _linked(self, margins: NDArray[np.float64]) -> NDArray[np.float64]:
        own: NDArray[np.float64] = (
            margins[self.index] if self.steepness == 1.0 else margins[self.index] * self.steepness
        )
        if self.kind == "identity":
            return own
        if self.kind == "logistic":
            return 1.0 / (1.0 + np.exp(-own))
        if self.kind == "exp":
            return np.exp(own)
        if self.kind == "clipped":
            return (np.clip(own, -1.0, 1.0) + 1.0) / 2.0
        together = self.kind == "softmax"
        shares = np.exp(margins - margins.max(axis=0)) if together else 1.0 / (1.0 + np.exp(-margins))
        share: NDArray[np.float64] = shares[self.index] / shares.sum(axis=0)
        return share

    def source(self, margins: list[str]) -> list[str]:
        """Write the statements that link margins, given as expressions; `exp` is in reach."""
        scale = "" if self.scale == 1.0 else f" * {self.scale!r}"
        steep = "" if self.steepness == 1.0 else f"{self.steepness!r} * "
        own = f"m = {steep}({margins[self.index]})"
        if self.kind == "identity":
            return [own, f"return m{scale}"]
        if self.kind == "logistic":
            return [own, f"return (1.0 / (1.0 + exp(-m)) if m > {_LEAST} else exp(m)){scale}"]
        if self.kind == "exp":
            return [own, f"return exp(m){scale}"]
        if self.kind == "clipped":
            return [own, f"return (min(max(m, -1.0), 1.0) + 1.0) / 2.0{scale}"]
        lines = [f"m = ({''.join(f'{margin}, ' for margin in margins)})"]
        if self.kind == "softmax":
            lines += ["top = max(m)", "m = [exp(one - top) for one in m]"]
        else:
            lines += [f"m = [1.0 / (1.0 + exp(-one)) if one > {_LEAST} else exp(one) for one in m]"]
        return [*lines, f"return m[{self.index}] / sum(m){scale}"]

    @property
    def adds_up(self) -> bool:
        """Tell whether what fields added to margins can be carried to the score or to its log odds."""
        return self.kind != "clipped"

    @property
    def entangled(self) -> bool:
        """Tell whether every class's margin has a part in the score."""
        return self.kind in ("softmax", "shares")

    @property
    def reasons_scale(self) -> Literal["score", "log_odds"]:
        """Tell on which scale reasons add up."""
        return "score" if self.kind in ("identity", "exp") else "log_odds"


def links_of(answer: Answer, margins: int) -> list[Link]:
    """Give the links by which the library may make its answer of so many margins, likely ones first."""
    scale = answer.scale
    if answer.classes == 2 and margins == 1:
        sign = -1.0 if answer.flipped else 1.0
        if answer.method == "decision_function":
            return [Link(kind="identity", steepness=sign, scale=scale)]
        return [
            Link(kind="logistic", steepness=sign, scale=scale),
            Link(kind="logistic", steepness=2.0 * sign, scale=scale),
            Link(kind="clipped", steepness=sign, scale=scale),
        ]
    if answer.classes:
        if margins != answer.classes or answer.index is None:
            return []
        kinds: list[Kind] = ["identity"] if answer.method == "decision_function" else ["softmax", "shares"]
        return [Link(kind=kind, index=answer.index, scale=scale) for kind in kinds]
    return [Link(kind="identity", scale=scale), Link(kind="exp", scale=scale)] if margins == 1 else []
