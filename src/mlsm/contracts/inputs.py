"""Records in: readers, their parts, and the rows that are no records."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Column",
    "Facts",
    "RawPart",
    "Reader",
    "Reject",
]

Column: TypeAlias = "pl.Series | list[Any]"
"""One column as it came: a polars Series where the source is typed or text throughout,
a list of Python objects where it is mixed (JSON, Python records)."""


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is not scored: no usable id, an id met before, or no record at all.

    Args:
        source: the input it came from, as people call it (a path, `-`, `records`).
        row: its number in that input, counted from 1 without the header.
        line: its line in the file, from 1, where there are lines.
        record_id: its id, where it has one.
        reason: one sentence.
    """

    source: str
    row: int
    line: int | None = None
    record_id: str | None = None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPart:
    """The rows of one part as they were read: ids and fields are not yet looked at.

    Args:
        number: the part's number in its input, from 0; parts are cut by row number alone.
        source: the input, as people call it.
        stem: what `--id-row` puts before the row number.
        rows: for each row its number in the input, from 1 (broken rows are counted too).
        lines: for each row its line in the file, None where the format has no lines.
        columns: the columns by name, all of the same length as `rows`.
        broken: the rows that could not be read as a record.
    """

    number: int
    source: str
    stem: str
    rows: Sequence[int]
    lines: Sequence[int] | None
    columns: Mapping[str, Column]
    broken: tuple[Reject, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an input once it was read to its end.

    `rows` counts every row, broken ones too; `names` are the columns (for NDJSON every
    key of the top level that occurs), in order of first appearance.
    """

    rows: int
    names: tuple[str, ...]
    broken: int = 0


class Reader(Protocol):
    """One input, read part by part, as often as asked, always with the same parts."""

    source: str

    def facts(self) -> Facts:
        """Read to the end (once) and tell what is there."""

    def fingerprint(self) -> str:
        """Hash the content, as `sha256:<hex>`; options are not part of it."""

    def options(self) -> dict[str, str]:
        """Tell how the content is read (separator, encoding, …), for the run's plan."""

    def parts(
        self, size: int, *, columns: Collection[str] | None = None, skip: Collection[int] = ()
    ) -> Iterator[RawPart]:
        """Yield parts of `size` rows (the last may be shorter).

        Args:
            size: rows a part, broken rows counted.
            columns: the names wanted (those absent are left out), None for all.
            skip: numbers of parts that nobody needs; they are not yielded.
        """
