"""Which number of an ONNX model's outputs is the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlsm._guard import Raised
from mlsm.errors import DeclarationError
from mlsm.runtimes._options import Output
from mlsm.runtimes.onnx.session import Opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Answer", "choose_answer"]

_REAL = ("tensor(float)", "tensor(double)", "tensor(float16)")
_WHOLE = ("tensor(int64)", "tensor(int32)")
_ZIPPED = "seq(map("
"""The beginning of the type of a ZipMap's output: a dict a record."""
_SLACK = 1e-4
"""How far a sum of shares in float32 may stray from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Where the score lies.

    Args:
        tensor: the output.
        column: the column of it.
        key: the class, where a record's answer is a dict; None where it is a row of a matrix.
        probability: whether it is a probability.
        scale: what it is multiplied with.
        shape: the shape of the answer to one record, None where that is not known or no matrix.
        dtype: numpy's name of its type.
        unnamed: whether there are classes whose names the file does not tell.
    """

    tensor: str
    column: int
    key: Any
    probability: bool
    scale: float
    shape: tuple[int, ...] | None
    dtype: str
    unnamed: bool

    def of_all(self, answered: Any) -> NDArray[np.float64]:
        """Take the scores out of the answer to many records."""
        if self.key is not None:
            found = np.array([row[self.key] for row in answered], np.float64)
        else:
            found = np.asarray(answered).reshape(len(answered), -1)[:, self.column].astype(np.float64)
        if self.probability:  # the last bit of a sum in float32 may lie beyond
            found = np.where((found > 1.0) & (found < 1.0 + _SLACK), 1.0, found)
            found = np.where((found < 0.0) & (found > -_SLACK), 0.0, found)
        return found * self.scale

    def of_one(self, answered: Any) -> float:
        """Take the score out of the answer to one record."""
        return self.scaled(answered[0][self.key] if self.key is not None else answered.item(self.column))

    def scaled(self, number: float) -> float:
        """Make a score of the number that the model gave."""
        if self.probability:
            if 1.0 < number < 1.0 + _SLACK:
                number = 1.0
            elif -_SLACK < number < 0.0:
                number = 0.0
        return float(number) * self.scale


def choose_answer(opened: Opened, output: Output, tried: Mapping[str, Any] | Raised | None) -> Answer:
    """Find the score among the outputs.

    Args:
        opened: the file.
        output: what the options say.
        tried: what the model answered to one record, by output; None or `Raised` where it was
            not or could not be asked.

    Raises:
        DeclarationError: the options name what is not there, or do not say enough.
    """
    outputs = opened.session.get_outputs()
    chosen = _chosen(outputs, output.tensor, opened.path)
    answered = None if tried is None or isinstance(tried, Raised) else tried[chosen.name]
    zipped = chosen.type.startswith(_ZIPPED)
    if zipped:
        keys = list(answered[0]) if answered else None
        classes = _named(opened, outputs, chosen.name, None) if keys is None else tuple(map(str, keys))
        width = len(classes or ()) or None
    else:
        width = _width(chosen, answered)
        classes = _named(opened, outputs, chosen.name, width) if width is None or width > 1 else None
    likely = _is_probability(chosen, answered, width)
    if output.of == "value" and output.tensor is None and likely:
        raise DeclarationError(
            f"The ONNX file {opened.path!r} gives probabilities alone, in {chosen.name!r}, and no value before them.",
            hint='Convert it with the option `raw_scores`, or leave output = "value" out.',
        )
    column = _column(output.target, classes, width, opened.path)
    key = None
    if zipped:
        key = keys[column] if keys is not None else (classes or ("",))[column]
    return Answer(
        tensor=chosen.name,
        column=column,
        key=key,
        probability=likely if output.of is None else output.of == "probability",
        scale=output.scale,
        shape=None if zipped or answered is None else answered.shape,
        dtype="" if zipped or answered is None else str(answered.dtype),
        unnamed=classes is None and (width or 1) > 1,
    )


def _chosen(outputs: Sequence[Any], tensor: str | None, path: str) -> Any:
    """Choose an output: the one named, else the only one of fractions, else that of probabilities."""
    usable = [one for one in outputs if one.type in _REAL + _WHOLE or one.type.startswith(_ZIPPED)]
    shown = ", ".join(f"{one.name!r} ({one.type})" for one in outputs)
    if tensor is not None:
        if named := [one for one in usable if one.name == tensor]:
            return named[0]
        raise DeclarationError(
            f"The ONNX file {path!r} has no output {tensor!r} that holds numbers; it has: {shown}.",
            hint="Name one of these with the option tensor.",
        )
    real = [one for one in usable if one.type not in _WHOLE] or usable
    likely = [one for one in real if "prob" in one.name.lower()]
    for group in (real, likely):
        if len(group) == 1:
            return group[0]
    raise DeclarationError(
        f"The ONNX file {path!r} does not tell which output is the score; it has: {shown}.",
        hint=f"Name one with the option tensor, such as tensor = {real[-1].name!r}."
        if real
        else "Convert it so that it gives a number a record, or a probability a class.",
    )


def _named(opened: Opened, outputs: Sequence[Any], chosen: str, count: int | None) -> tuple[str, ...] | None:
    others = [one.name for one in outputs if one.name != chosen]
    return opened.graph.classes([*others, chosen], count)


def _width(chosen: Any, answered: Any) -> int | None:
    if answered is not None:
        return int(answered.size)
    sizes = chosen.shape[1:]
    return 1 if not sizes else sizes[0] if isinstance(sizes[0], int) else None


def _is_probability(chosen: Any, answered: Any, width: int | None) -> bool:
    """Tell whether an output is a share for each of several classes."""
    if width == 1 or chosen.type in _WHOLE:
        return False
    if answered is None:
        return chosen.type.startswith(_ZIPPED) or "prob" in chosen.name.lower()
    shares = np.array([*answered[0].values()] if chosen.type.startswith(_ZIPPED) else answered, np.float64)
    if np.isnan(shares).any():
        return "prob" in chosen.name.lower()
    return bool(shares.min() > -_SLACK and shares.max() < 1 + _SLACK and abs(shares.sum() - 1) < _SLACK)


def _column(target: str | None, classes: tuple[str, ...] | None, width: int | None, path: str) -> int:
    """Find a class: by name, by its number where there are no names; the last where none is asked for."""
    if target is None:
        return -1 if width is None else width - 1
    if classes is not None and target in classes:
        return classes.index(target)
    if classes is not None:
        raise DeclarationError(
            f"The ONNX file {path!r} has no class {target!r}; it has {', '.join(map(repr, classes))}."
        )
    if width == 1:
        raise DeclarationError(
            f"The ONNX file {path!r} gives one number a record, so that no class {target!r} can be chosen.",
            hint="Leave the option class out.",
        )
    if target.isdecimal() and (width is None or int(target) < width):
        return int(target)
    raise DeclarationError(
        f"The ONNX file {path!r} does not name its classes, so that {target!r} cannot be found; "
        f"expected a number from 0{'' if width is None else f' to {width - 1}'}.",
        hint="Leave the option class out for the last one.",
    )
