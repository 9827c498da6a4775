"""The values of a rule's options, each read into one form: numbers as floats, lists as tuples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, NoReturn

__all__ = ["READERS", "Expected", "OptionProblem", "WrongValueError"]


class OptionProblem(NamedTuple):
    """What is wrong with an option.

    Args:
        path: the option, and the key or the place in it; () where an option is absent.
        what: the rest of a sentence that begins with the option.
        hint: the way out.

    Example:
        >>> print(OptionProblem(("weights", "fit"), "is -1; expected a number above 0.", "Such as 0.5."))
        weights.fit is -1; expected a number above 0. Such as 0.5.
    """

    path: tuple[str | int, ...]
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path)) or 'It'} {self.what} {self.hint}"


class WrongValueError(ValueError):
    """A value that an option cannot have; all that is wrong with it."""

    def __init__(self, told: list[OptionProblem]) -> None:
        super().__init__([str(problem) for problem in told])
        self.told = told


class Expected(NamedTuple):
    """What the values of an option are held against: the rule, its upstreams, the choices, what `first` takes."""

    rule: str
    upstreams: tuple[str, ...]
    choices: tuple[str, ...]
    take: object


def _wrong(what: str, hint: str = "", path: tuple[str | int, ...] = ()) -> NoReturn:
    raise WrongValueError([OptionProblem(path, what, hint)])


def _gathered(items: Mapping[str, Callable[[], Any]], problems: list[OptionProblem]) -> dict[str, Any]:
    """Read every item, then tell all that is wrong with any of them."""
    found = {}
    for name, read in items.items():
        try:
            found[name] = read()
        except WrongValueError as error:
            problems += [OptionProblem((name, *problem.path), problem.what, problem.hint) for problem in error.told]
    if problems:
        raise WrongValueError(problems)
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _number(value: Any, *, above_zero: bool = False) -> float:
    if not _is_number(value) or (above_zero and value <= 0):
        _wrong(f"is {value!r}; expected a number{' above 0' if above_zero else ''}.")
    return float(value)


def _pair(value: Any, *, rising: bool = False) -> tuple[float, float]:
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(map(_is_number, value)):
        _wrong(f"is {value!r}; expected two numbers, the least and the greatest score.", "Such as [0, 100].")
    low, high = (float(number) + 0.0 for number in value)  # without the sign of -0.0
    if low == high or (rising and low > high):
        _wrong(f"is {value!r}; expected the least score, then the greatest.", "Such as [0, 100].")
    return low, high


def _range(value: Any, expected: Expected) -> tuple[float, float]:  # noqa: ARG001 - one shape for all
    return _pair(value, rising=True)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        _wrong(f"is {value!r}; expected a list of texts.")
    if twice := [item for place, item in enumerate(value) if item in value[:place]]:
        _wrong(f"names {twice[0]!r} twice; expected each once.", "Remove one of the two.")
    return tuple(value)


def _labels(value: Any, expected: Expected) -> tuple[str, ...]:  # noqa: ARG001 - one shape for all
    labels = _texts(value)
    if not labels or not all(labels):
        _wrong(f"is {value!r}; expected one label or more, best first.")
    return labels


def _named(value: Any, expected: Expected) -> tuple[str, ...]:
    named = _texts(value)
    if unknown := [name for name in named if name not in expected.upstreams]:
        _wrong(f"names {unknown[0]!r}; expected some of {', '.join(expected.upstreams)}.", "Name what is in `models`.")
    return named


def _choice(value: Any, expected: Expected) -> str:
    if value not in expected.choices:
        _wrong(f"is {value!r}; expected {' or '.join(map(repr, expected.choices))}.")
    return str(value)


def _text(value: Any, expected: Expected) -> str:  # noqa: ARG001 - one shape for all
    if not isinstance(value, str):
        _wrong(f"is {value!r}; expected a text.")
    return str(value)


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        _wrong(f"is {value!r}; expected a table.")
    return dict(value)


def _strangers(table: Mapping[str, Any], expected: Expected) -> list[OptionProblem]:
    what = f"is no upstream; expected some of {', '.join(expected.upstreams)}."
    return [
        OptionProblem((name,), what, "Name what is in `models`.") for name in table if name not in expected.upstreams
    ]


def _weights(value: Any, expected: Expected) -> dict[str, float]:
    table = _table(value)
    problems = _strangers(table, expected)
    for name in expected.upstreams:
        if name not in table:
            problems.append(OptionProblem((), f"has no weight of {name!r}.", f"Such as {name} = 0.5."))
    known = {name: item for name, item in table.items() if name in expected.upstreams}
    return _gathered({name: partial(_number, item, above_zero=True) for name, item in known.items()}, problems)


def _convert(value: Any, expected: Expected) -> dict[str, Any]:
    table = _table(value)
    problems = _strangers(table, expected)
    scores = expected.rule in ("best", "blend") or (expected.rule == "first" and expected.take != "label")
    read = _scale if scores else _grades
    known = {name: item for name, item in table.items() if name in expected.upstreams}
    return _gathered({name: partial(read, item) for name, item in known.items()}, problems)


def _scale(value: Any) -> float | dict[str, tuple[float, float]]:
    """Read how a score is converted: from a range to a range, or times a number."""
    if _is_number(value) and value:
        return float(value)
    if not isinstance(value, Mapping) or set(value) != {"from", "to"}:
        _wrong(
            f"is {value!r}; expected two ranges, or a number other than 0 to multiply with.",
            "Such as { from = [0, 1], to = [0, 100] }, or 100.",
        )
    return _gathered({"from": partial(_pair, value["from"], rising=True), "to": partial(_pair, value["to"])}, [])


def _grades(value: Any) -> dict[str, str] | dict[str, float]:
    """Read how a label is found: one of each label, or from which score on."""
    given = list(value.values()) if isinstance(value, Mapping) else []
    if given and all(isinstance(label, str) and label for label in given):
        return {str(label): new for label, new in value.items()}
    if given and all(map(_is_number, given)) and len(set(given)) == len(given):
        if given not in (sorted(given), sorted(given, reverse=True)):
            falling = sorted(value.items(), key=lambda band: -band[1])
            shown = ", ".join(f"{label} = {least}" for label, least in falling)
            _wrong(
                f"is {value!r}; expected thresholds that fall from label to label, or rise.",
                f"Exchange two of them, or write {{ {shown} }} if that is meant.",
            )
        return {str(label): float(least) for label, least in value.items()}
    return _wrong(
        f"is {value!r}; expected a label for each label, or the least score of each label.",
        'Such as { gold = "A", silver = "B" }, or { A = 75, B = 50, C = 0 }.',
    )


def _cells(value: Any, expected: Expected) -> dict[str, str]:  # noqa: ARG001 - one shape for all
    table = _table(value)
    strange = [cell for cell, name in table.items() if not isinstance(name, str) or not name]
    wrong = [OptionProblem((cell,), f"is {table[cell]!r}; expected a label.", "") for cell in strange]
    if wrong:
        raise WrongValueError(wrong)
    return table


READERS: Mapping[str, Callable[[Any, Expected], Any]] = {
    "cells": _cells,
    "convert": _convert,
    "join": _text,
    "labels": _labels,
    "missing": _choice,
    "range": _range,
    "require": _named,
    "take": _choice,
    "weights": _weights,
}
"""What reads each option."""
