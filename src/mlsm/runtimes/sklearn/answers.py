"""Which of an estimator's answers is the score."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import is_classifier, is_outlier_detector

from mlsm.errors import DeclarationError
from mlsm.runtimes._options import output_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Answer", "answer_of"]

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What of an estimator is the score.

    Args:
        method: the estimator's, that is called.
        index: the class's place among those of the estimator, None where there are none.
        classes: how many classes there are, 0 for a regressor.
        scale: the score is this times the number.
    """

    method: Literal["predict_proba", "decision_function", "predict"]
    index: int | None
    classes: int
    scale: float

    @property
    def labelled(self) -> bool:
        """Tell whether the answer is a class by name: the classifier has no number for it."""
        return self.method == "predict" and self.classes > 0

    @property
    def flipped(self) -> bool:
        """Tell whether the first of two classes is meant, whose margin is the other's negative."""
        return self.classes == 2 and self.index == 0

    @property
    def range(self) -> tuple[float, float] | None:
        """Give the least and the greatest score where they are known."""
        if self.method != "predict_proba":
            return None
        return min(0.0, self.scale), max(0.0, self.scale)

    def ask(self, estimator: Any, table: Any) -> Any:
        """Call the estimator.

        Its warnings of categories that it does not know are no news, and what overflows is
        refused by itself, or as a score that is no number.
        """
        with warnings.catch_warnings(), np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            warnings.filterwarnings("ignore", message="Found unknown categories")
            return getattr(estimator, self.method)(table)

    def pick(self, told: Any) -> NDArray[np.float64]:
        """Take the score out of what the estimator told of each row.

        Raises:
            DeclarationError: it told of several outputs, or of pairs of classes.
        """
        if isinstance(told, list):
            raise _several()
        number = np.asarray(told, dtype=np.float64)
        if self.index is None:
            if number.ndim == 2 and number.shape[1] != 1:
                raise _several()
            number = number.reshape(len(number))
        elif number.ndim == 1:
            number = -number if self.flipped else number
        elif number.shape[1] == self.classes:
            number = number[:, self.index]
        else:
            raise DeclarationError(
                f"The estimator's {self.method} gives {number.shape[1]} numbers a row for {self.classes} classes; "
                "none of them is a class's own.",
                hint='Fit it with decision_function_shape="ovr".',
            )
        if self.method == "predict_proba":  # a mean of ones may come out a bit above one
            number = np.where((number > 1.0) & (number < 1.0 + _ROUNDING), 1.0, number)
        return number if self.scale == 1.0 else number * self.scale


def answer_of(estimator: Any, options: Mapping[str, Any]) -> Answer:
    """Find out from the options which answer is meant.

    Raises:
        DeclarationError: the estimator has no such answer.
    """
    output = output_of(options)
    kind = type(estimator).__name__
    classes = [str(name) for name in _classes(estimator)]
    if not classes:
        if output.of == "probability" or output.target is not None:
            option = "class" if output.of != "probability" else "output"
            raise DeclarationError(
                f"The option {option} asks for a class's probability, but {kind} is no classifier.",
                hint='Write output = "value", or nothing.',
            )
        outlying = is_outlier_detector(estimator) and hasattr(estimator, "decision_function")
        method: Any = "decision_function" if outlying else "predict"
        return Answer(method=method, index=None, classes=0, scale=output.scale)
    if output.target is not None and output.target not in classes:
        raise DeclarationError(f"The option class is {output.target!r}; {kind} has the classes {classes}.")
    index = len(classes) - 1 if output.target is None else classes.index(output.target)
    wanted = {"probability": ["predict_proba"], "value": ["decision_function"]}
    methods = wanted.get(output.of or "", ["predict_proba", "decision_function", "predict"])
    found = [name for name in methods if hasattr(estimator, name)]
    if not found:
        other = "value" if output.of == "probability" else "probability"
        raise DeclarationError(
            f"The option output is {output.of!r}, but {kind} has no {methods[0]}.",
            hint=f'Write output = "{other}", or nothing.',
        )
    chosen: Any = found[0]
    return Answer(method=chosen, index=index, classes=len(classes), scale=output.scale)


def _classes(estimator: Any) -> list[Any]:
    if not is_classifier(estimator):
        return []
    classes = estimator.classes_
    if isinstance(classes, list):
        raise _several()
    listed: list[Any] = classes.tolist()
    return listed


def _several() -> DeclarationError:
    return DeclarationError(
        "The estimator gives several outputs a row; expected one number.",
        hint="Save an estimator for each of them, and declare a model for each.",
    )
