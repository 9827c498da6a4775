"""One cell of a spreadsheet: what it shows of a value, and what is read from it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from mlsm.runtimes.scorecard.toml import written

__all__ = ["AmbiguousError", "read_cell", "shown_cell"]

_TEXT = ("field", "group", "text", "matches", "since", "type", "date")
_WORDS = ("contains", "starts_with", "ends_with")
_LISTS = ("one_of", "none_of", "between", "days_since_between", "times_between", "of")
_TYPED = re.compile(
    r"[+-]?[0-9][0-9_]*(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?\Z|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+)?\Z"
)
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}\Z")
_FLAGS = {"true": True, "false": False}
_PIECE = re.compile(r'\s*("(?:\\.|[^"\\])*"|[^|]*?)\s*(?:\||\Z)')


class AmbiguousError(ValueError):
    """A cell may be one number or another; the text is the rest of a sentence."""

    def __init__(self, cell: str) -> None:
        super().__init__(
            f"may be {cell.replace('.', '')} or {cell.replace('.', ',')}; beside semicolons both are usual"
        )
        self.hint = f"Write {cell.replace('.', '')} or {cell.replace('.', ',')}; text stands in quotes."


def shown_cell(value: Any, name: str = "") -> str:
    r"""Show a value so that `read_cell` reads it again.

    Example:
        >>> shown_cell(("DE", "7", 7), "one_of")
        'DE | "7" | 7'
    """
    if isinstance(value, Mapping) or name in ("all", "any"):
        return written(value)
    if isinstance(value, (tuple, list)):
        return " | ".join(_shown(item, name) for item in value)
    return _shown(value, name)


def _shown(value: Any, name: str) -> str:
    if not isinstance(value, str):
        return written(value)
    is_text = name in _TEXT
    odd = value != value.strip() or value.startswith('"') or "\r" in value or "\n" in value
    odd = odd or (name == "field" and value.startswith("["))
    if not is_text:
        odd = odd or "|" in value
        odd = odd or (name not in _WORDS and (bool(_TYPED.match(value)) or value.lower() in _FLAGS))
    return written(value) if odd else value


def read_cell(name: str, cell: str, decimal: str = ".") -> Any:
    """Read what a key's cell holds.

    Args:
        name: the key.
        cell: its text.
        decimal: the mark in numbers besides the point.

    Raises:
        AmbiguousError: it may be a number in thousands, or with a fraction.
        ValueError: it is broken where it is written as TOML.

    Example:
        >>> read_cell("one_of", 'DE | "7" | 7'), read_cell("points", "2,5", ",")
        (['DE', '7', 7], 2.5)
    """
    cell = cell.strip()
    if name in ("all", "any", "where"):
        return _toml(cell)
    if name in _WORDS or name in _LISTS:
        pieces = [match[1] for match in _PIECE.finditer(cell) if match[0]]
        return [_read(piece, decimal, typed=name in _LISTS) for piece in pieces]
    return _read(cell, decimal, typed=name not in _TEXT)


def _read(cell: str, decimal: str, *, typed: bool) -> Any:
    if cell.startswith('"'):
        return _toml(cell)
    if not typed:
        return cell
    if cell.lower() in _FLAGS:
        return _FLAGS[cell.lower()]
    if not _TYPED.match(cell):
        return cell
    if decimal == "," and _GROUPED.match(cell):
        raise AmbiguousError(cell)
    number = cell.replace(",", ".") if decimal == "," else cell
    try:
        return _toml(number)
    except ValueError:  # 007 is text
        return cell


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ValueError(str(error)) from error
