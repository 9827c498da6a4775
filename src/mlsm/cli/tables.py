"""Tables: aligned plain text, or a rich table on a terminal; the same cells in both."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlsm.cli.wording import clean, decimals, moment, number

if TYPE_CHECKING:
    from rich.table import Table as RichTable

__all__ = ["Column", "Table", "plain", "rich_table", "width_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: the key of its values in the rows, its heading, how it is shown.

    Args:
        key: where the rows hold the value.
        title: the heading; the key unless given.
        right: whether it is aligned to the right, as numbers are.
        whole: whether a narrow screen folds the other columns only.
        style: a style of rich, for terminals with colour.
        style_of: gives the style of one value.
    """

    key: str
    title: str | None = None
    right: bool = False
    whole: bool = False
    style: str = ""
    style_of: Callable[[Any], str] | None = None

    @property
    def heading(self) -> str:
        """Give what stands above the column."""
        return self.key if self.title is None else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headings.

    Example:
        >>> table = Table(columns=(Column(key="model"), Column(key="ok", right=True)),
        ...               rows=[{"model": "fit@1", "ok": 49990}, {"model": "size@1", "ok": 50000}])
        >>> print(plain(table))
        model      ok
        fit@1   49990
        size@1  50000
    """

    columns: tuple[Column, ...]
    rows: Sequence[Mapping[str, Any]]

    def cells(self, *, separated: bool) -> list[list[str]]:
        """Write every value as text, thousands separated or not."""
        columns = []
        for column in self.columns:
            values = [row.get(column.key) for row in self.rows]
            places = decimals([value for value in values if isinstance(value, float)])
            columns.append([_cell(value, places, separated=separated) for value in values])
        return [list(row) for row in zip(*columns, strict=True)]


def _cell(value: Any, places: int, *, separated: bool) -> str:
    text = clean(value)
    if value is None:
        text = ""
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, int):
        text = number(value) if separated else str(value)
    elif isinstance(value, float):
        text = f"{value:{',' if separated else ''}.{places}f}"
    elif isinstance(value, datetime):
        text = moment(value)
    elif isinstance(value, (list, tuple)):
        text = ", ".join(_cell(item, places, separated=separated) for item in value)
    return text


def plain(table: Table) -> str:
    """Write a table as aligned text of full width, without colour."""
    headings = [column.heading for column in table.columns]
    lines = [headings, *table.cells(separated=False)]
    widths = [max(width_of(line[place]) for line in lines) for place in range(len(headings))]
    written = []
    for line in lines:
        padded = [
            " " * (width - width_of(cell)) + cell if column.right else cell + " " * (width - width_of(cell))
            for column, width, cell in zip(table.columns, widths, line, strict=True)
        ]
        written.append("  ".join(padded).rstrip())
    return "\n".join(written)


def width_of(text: str) -> int:
    """Count the places that text takes on a screen: a wide character takes two."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    combining = sum(unicodedata.combining(c) > 0 for c in text)
    return len(text) + wide - combining


def rich_table(table: Table, widths: Sequence[int]) -> RichTable:
    """Make a table of rich whose columns are so wide, and which folds longer text instead of cutting it."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    made = RichTable(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        border_style="dim",
        header_style="dim",
        show_edge=False,
    )
    for column, width in zip(table.columns, widths, strict=True):
        made.add_column(
            Text(column.heading),
            justify="right" if column.right else "left",
            width=width,
            overflow="fold",
            style=column.style,
        )
    for row, cells in zip(table.rows, table.cells(separated=True), strict=True):
        made.add_row(
            *(
                Text(cell, style=column.style_of(row.get(column.key)) if column.style_of else "")
                for column, cell in zip(table.columns, cells, strict=True)
            )
        )
    return made
