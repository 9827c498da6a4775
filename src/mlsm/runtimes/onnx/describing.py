"""What an ONNX file says of itself, found out by reading it and by asking it about one record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlsm._fields import Fields
from mlsm._guard import Raised, attempt
from mlsm.contracts import Description
from mlsm.runtimes._options import output_of
from mlsm.runtimes.onnx.answer import choose_answer
from mlsm.runtimes.onnx.samples import try_one
from mlsm.runtimes.onnx.session import Opened, open_file
from mlsm.runtimes.onnx.tensors import tray_of

__all__ = ["describe_file"]


def describe_file(path: Path, options: Mapping[str, Any]) -> Description:
    """Tell fields, range and notes of an ONNX file.

    Raises:
        DeclarationError: the options do not fit it, or its inputs are no tables.
        InputError: it is not there, or is no ONNX file.
    """
    opened = open_file(path)
    output = output_of(options)
    width = opened.width
    stand_in = None if width is None else opened.fields([f"column {place}" for place in range(width)])
    tried = None if stand_in is None else try_one(opened, tray_of(opened.blocks, stand_in, opened.path))
    answer = choose_answer(opened, output, tried)
    notes = []
    if answer.unnamed:
        notes.append("It does not name its classes; they are counted from 0.")
    return Description(
        fields=None if opened.names is None else _fields(opened, opened.names),
        range=(min(0.0, output.scale), max(0.0, output.scale)) if answer.probability else None,
        notes=tuple(notes),
    )


def _fields(opened: Opened, names: tuple[str, ...]) -> Fields:
    """Make the fields; a number may be missing where an operator is made for that, and an answer comes of it."""
    tolerant = opened.graph.tolerant()
    owners = [block for block in opened.blocks for _ in range(block.width or 0)]
    likely = frozenset(n for n, block in zip(names, owners, strict=True) if block.real and block.name in tolerant)
    if not likely:
        return opened.fields(names)
    tray = tray_of(opened.blocks, opened.fields(names, likely), opened.path)
    sound = frozenset(name for name in likely if _answers(try_one(opened, tray, without=name)))
    return opened.fields(names, sound)


def _answers(tried: Mapping[str, Any] | Raised) -> bool:
    """Tell whether every number that came back is one."""
    if isinstance(tried, Raised):
        return False
    return not any(math.isnan(number) for answered in tried.values() for number in _numbers(answered))


def _numbers(answered: Any) -> list[float]:
    rows = [value for row in answered for value in row.values()] if isinstance(answered, list) else answered
    found = attempt(lambda: [float(value) for value in (rows if isinstance(rows, list) else rows.ravel())])
    return [] if isinstance(found, Raised) else found
