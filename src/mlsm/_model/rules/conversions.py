"""Scores and labels of different upstreams made to compare, as a summary states it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from mlsm._result import Outcome, Upstream

__all__ = [
    "Read",
    "ReadAll",
    "is_banded",
    "label_readers",
    "line_of",
    "reader_of_labels",
    "reader_of_scores",
    "score_readers",
]

Read: TypeAlias = Callable[[Upstream], Any]
"""Reads the score or the label of one upstream; None where it has none."""

ReadAll: TypeAlias = Callable[[Sequence[Upstream]], list[Any]]

_OK = Outcome.OK


def reader_of_scores(names: Sequence[str], convert: Mapping[str, Any]) -> ReadAll:
    """Make what reads the scores of all upstreams, None where there is none.

    Args:
        names: the upstreams.
        convert: for some of them `{"from": range, "to": range}`, or a number to multiply with.
    """
    if not convert:
        return lambda seen: [one.score if one.outcome is _OK or one.substitute else None for one in seen]
    lines = [line_of(convert[name]) if name in convert else None for name in names]

    def read(seen: Sequence[Upstream]) -> list[Any]:
        return [
            None
            if not (one.outcome is _OK or one.substitute) or (score := one.score) is None
            else score
            if line is None
            else (score - line[0]) * line[1] + line[2]
            for one, line in zip(seen, lines, strict=True)
        ]

    return read


def reader_of_labels(names: Sequence[str], convert: Mapping[str, Any]) -> ReadAll:
    """Make what reads the labels of all upstreams, None where there is none.

    Args:
        names: the upstreams.
        convert: for some of them a label for each label, or the least score of each label.
    """
    if not convert:
        return lambda seen: [one.label if one.outcome is _OK or one.substitute else None for one in seen]
    readers = label_readers(names, convert)
    return lambda seen: [read(one) for read, one in zip(readers, seen, strict=True)]


def score_readers(names: Sequence[str], convert: Mapping[str, Any]) -> tuple[Read, ...]:
    """Make what reads the score of each upstream."""
    return tuple(_rescaled(convert[name]) if name in convert else _score for name in names)


def label_readers(names: Sequence[str], convert: Mapping[str, Any]) -> tuple[Read, ...]:
    """Make what reads the label of each upstream.

    One whose label or score the conversion does not cover raises `ValueError`.
    """
    made = {name: _banded if is_banded(conversion) else _relabelled for name, conversion in convert.items()}
    return tuple(made[name](name, convert[name]) if name in made else _label for name in names)


def is_banded(conversion: Mapping[str, Any]) -> bool:
    """Tell whether labels are given by score rather than by label."""
    return any(isinstance(value, float) for value in conversion.values())


def _score(one: Upstream) -> float | None:
    return one.score if one.outcome is _OK or one.substitute else None


def _label(one: Upstream) -> str | None:
    return one.label if one.outcome is _OK or one.substitute else None


def line_of(conversion: Any) -> tuple[float, float, float]:
    """Give start, factor and least of the line `(score - start) * factor + least`."""
    if isinstance(conversion, float):
        return 0.0, conversion, 0.0
    (start, end), (least, greatest) = conversion["from"], conversion["to"]
    return start, (greatest - least) / (end - start), least


def _rescaled(conversion: Any) -> Read:
    start, factor, least = line_of(conversion)

    def read(one: Upstream) -> float | None:
        score = one.score
        return None if score is None or not (one.outcome is _OK or one.substitute) else (score - start) * factor + least

    return read


def _relabelled(name: str, conversion: Mapping[str, str]) -> Read:
    def read(one: Upstream) -> str | None:
        label = _label(one)
        if label is None or label in conversion:
            return None if label is None else conversion[label]
        raise ValueError(f"No label is stated for {label!r} of {name!r}; expected one of {', '.join(conversion)}.")

    return read


def _banded(name: str, conversion: Mapping[str, float]) -> Read:
    bands = sorted(((least, label) for label, least in conversion.items()), reverse=True)

    def read(one: Upstream) -> str | None:
        score = _score(one)
        if score is None:
            return None
        for least, label in bands:
            if score >= least:
                return label
        raise ValueError(f"No label is stated for the score {score} of {name!r}; expected {bands[-1][0]} or more.")

    return read
