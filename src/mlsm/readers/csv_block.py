"""Some rows of a CSV file, sound ones and broken ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import polars as pl

__all__ = ["Block", "Flaw", "Rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A broken row: its place among the rows of its block, its line, and what is wrong."""

    place: int
    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some rows in order, the sound ones to be had as columns.

    Args:
        places: for each sound row its place among all rows of the block, from 0.
        lines: for each sound row the line that it begins on.
        rows: the sound rows, as cells or, where `split_at` is given, as whole lines.
        split_at: the separator of rows that are whole lines.
        width: the number of cells a row.
        flaws: the broken rows.
    """

    places: Sequence[int]
    lines: Sequence[int]
    rows: Sequence[str] | Sequence[Sequence[str]]
    width: int
    split_at: str | None = None
    flaws: tuple[Flaw, ...] = ()

    def __len__(self) -> int:
        return len(self.places) + len(self.flaws)

    def columns(self, wanted: Sequence[int]) -> list[pl.Series]:
        """Build columns of text, given by their positions."""
        if self.split_at is not None:
            lines = pl.Series(self.rows, dtype=pl.String).str.strip_chars_end("\r\n")
            cells = lines.str.split_exact(self.split_at, self.width - 1).struct
            return [cells.field(cells.fields[position]) for position in wanted]
        if len(wanted) * 2 < self.width:
            return [pl.Series(list(map(itemgetter(position), self.rows)), dtype=pl.String) for position in wanted]
        columns = list(zip(*self.rows, strict=True)) or [()] * self.width
        return [pl.Series(columns[position], dtype=pl.String) for position in wanted]


@dataclass(slots=True, kw_only=True)
class Rows:
    """Rows of a block that are met one by one."""

    width: int
    places: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    sound: list[Sequence[str]] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.places) + len(self.flaws)

    def add(self, row: Sequence[str], line: int, reason: str | None = None) -> None:
        """Add a row, as a flaw if there is a reason to or its cells are too few or too many."""
        if reason is None and _is_blank(row):
            return
        if reason is None and (len(row) < self.width or any(row[self.width :])):
            reason = f"The row has {len(row)} cells, expected {self.width}."
        if reason is not None:
            self.flaws.append(Flaw(place=len(self), line=line, reason=reason))
            return
        self.places.append(len(self))
        self.lines.append(line)
        self.sound.append(row if len(row) == self.width else row[: self.width])

    def block(self) -> Block:
        """Give what was added."""
        return Block(places=self.places, lines=self.lines, rows=self.sound, width=self.width, flaws=tuple(self.flaws))


def _is_blank(row: Sequence[str]) -> bool:
    """Tell whether a row is a line of nothing but space, which is no row.

    One quoted cell that is empty or holds a line end was meant as a row.
    """
    return not row or (len(row) == 1 and row[0].isspace() and not {"\n", "\r"} & set(row[0]))
