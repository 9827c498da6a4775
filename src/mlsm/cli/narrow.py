"""Tables on a screen that is narrower than they are: long text folds, and what finds no room stands below its row."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from mlsm.cli.tables import Column, Table, width_of

__all__ = ["fits", "fitted", "stacked"]

_LEAST = 16
"""A column of text that is folded to fewer characters reads worse than a line of its own."""
_WORD = 24
_GAP = 2
_INDENT = "    "


def fits(text: str, width: int) -> bool:
    """Tell whether no line of a text is wider than the screen."""
    return all(width_of(line) <= width for line in text.splitlines())


def fitted(table: Table, width: int) -> list[int] | None:
    """Give each column a width, long text folded; None where they do not stand beside each other readably.

    Example:
        >>> rows = [{"model": "fit@1", "why": "more than 500 employees and a visit last week"}]
        >>> table = Table(columns=(Column(key="model"), Column(key="why")), rows=rows)
        >>> fitted(table, 80), fitted(table, 40), fitted(table, 20)
        ([5, 45], [5, 33], None)
    """
    cells = table.cells(separated=True)
    least = []
    widths = _widths(table.columns, cells)
    for place, column in enumerate(table.columns):
        folded = max(_LEAST, min(_WORD, _longest_word(column, place, cells)))
        least.append(widths[place] if column.whole or column.right else min(widths[place], folded))
    if _total(least) > width:
        return None
    widths = [min(whole, max(width, few)) for whole, few in zip(widths, least, strict=True)]
    while _total(widths) > width:
        widest = max((i for i in range(len(widths)) if widths[i] > least[i]), key=widths.__getitem__)
        widths[widest] -= 1
    return widths


def stacked(table: Table, width: int) -> list[list[tuple[str, str]]]:
    """Write the first columns beside each other, and the others below each row; lines of texts, each with its style.

    Example:
        >>> rows = [{"run": "01a3", "leads": 5, "took": "2 s", "input": "leads.csv"}]
        >>> table = Table(columns=tuple(Column(key=key) for key in rows[0]), rows=rows)
        >>> for line in stacked(table, 14):
        ...     print("".join(text for text, _ in line))
        run   leads
        01a3  5
            took: 2 s
            input:
            leads.csv
    """
    cells = table.cells(separated=True)
    widths = _widths(table.columns, cells)
    beside = max((n for n in range(1, len(widths) + 1) if _total(widths[:n]) <= width), default=1)
    shown = table.columns[:beside]
    lines = [_beside([column.heading for column in shown], shown, widths, ["dim"] * beside)]
    for row, line in zip(table.rows, cells, strict=True):
        styles = [column.style_of(row.get(column.key)) if column.style_of else column.style for column in shown]
        lines.append(_beside(line[:beside], shown, widths, styles))
        below = [
            f"{column.heading}: {cell}"
            for column, cell in zip(table.columns[beside:], line[beside:], strict=True)
            if cell
        ]
        lines += [[(text, "")] for text in _filled(below, width)]
    return lines


def _beside(
    cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int], styles: Sequence[str]
) -> list[tuple[str, str]]:
    line = []
    for place, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        room = " " * (widths[place] - width_of(cell))
        gap = " " * _GAP if place < len(cells) - 1 else ""
        last = not gap and not column.right
        line.append((f"{room}{cell}{gap}" if column.right else f"{cell}{'' if last else room}{gap}", styles[place]))
    return line


def _filled(parts: Iterable[str], width: int) -> list[str]:
    """Put as many parts on a line as fit, and fold the one that is longer than a line."""
    lines: list[str] = []
    for part in parts:
        if lines and width_of(lines[-1]) + _GAP + width_of(part) <= width:
            lines[-1] += " " * _GAP + part
        else:
            lines += textwrap.wrap(
                part,
                max(width, len(_INDENT) + _LEAST // 2),
                initial_indent=_INDENT,
                subsequent_indent=_INDENT,
                break_on_hyphens=False,
            )
    return lines


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(width_of(column.heading), *(width_of(line[place]) for line in cells), 0)
        for place, column in enumerate(columns)
    ]


def _longest_word(column: Column, place: int, cells: Sequence[Sequence[str]]) -> int:
    texts = [column.heading, *(line[place] for line in cells)]
    return max(width_of(word) for text in texts for word in text.split(" "))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)
