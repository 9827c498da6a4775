"""The inputs of a job as numbered parts: examined first, then cut for scoring."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import polars as pl

from mlsm._batch import KEPT, Trace
from mlsm._typing import LANES, Lane
from mlsm.contracts import Column, RawPart, Reject, Tombstones
from mlsm.engine.columns import Checked
from mlsm.engine.order import Prepared
from mlsm.errors import InputError
from mlsm.service.ahead import ahead, may_be_ahead
from mlsm.service.ids import IdsSeen, find_duplicates, read_ids
from mlsm.service.request import Examination, Job

__all__ = ["Cut", "Inputs"]

_REJECTS_SHOWN = 1_000
_AS_MAPPINGS = "Pass a mapping for each record, such as a dict."
_AS_LINES = 'Write one JSON object a line, such as {"id": "42"}, or give the file the ending of its format.'
_FORGOTTEN = "This record was forgotten on request."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A part ready to be scored: good ids, raw columns, and the rows left out.

    `lanes` are those to be scored, `answered` what models said of which nothing is asked, by
    key, and `traces` those of their errors; `alone` is the one model that is asked, None for
    all; `checked` what was read of the columns ahead of time, by slot.
    """

    number: int
    rows: int
    ids: pl.Series
    columns: dict[str, Column]
    kept: tuple[pl.Series, ...]
    rejects: tuple[Reject, ...]
    lanes: tuple[Lane, ...] = LANES
    answered: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    traces: tuple[Trace, ...] = ()
    alone: str | None = None
    checked: Mapping[int, Checked] | None = None


class Inputs:
    """All inputs of a job, one after the other; a part never spans two."""

    def __init__(self, job: Job, prepared: Prepared, tombstones: Tombstones | None = None) -> None:
        self.job = job
        self._tombstones = tombstones or Tombstones()
        self._prepared = prepared
        self._ids = IdsSeen()
        self._parts: tuple[tuple[int, ...], ...] = ()

    @property
    def rows(self) -> int:
        """Count the rows of all parts."""
        return sum(map(sum, self._parts))

    @property
    def parts(self) -> tuple[tuple[int, ...], ...]:
        """Give the rows of each part, by input."""
        return self._parts

    def survey(self, on_rows: Callable[[int], Any]) -> None:
        """Go through the ids of all inputs once, so that parts and duplicates are known.

        Raises:
            InputError: an input cannot be read.
        """
        job = self.job
        if job.id_column is not None:
            parts = self._id_parts_ahead if may_be_ahead(job.inputs) else self._id_parts
            self._ids = find_duplicates(parts, job.id_column, on_rows)
        self._parts = tuple(_sizes(reader.facts().rows, job.part_rows) for reader in job.inputs)

    def examine(self) -> Examination:
        """Tell what is known before anything is scored."""
        rejects: list[Reject] = []
        rejected = 0
        for number, part in self._id_parts():
            found = self._rejects_of(number, part)
            rejected += len(found)
            rejects += found[: max(0, _REJECTS_SHOWN - len(rejects))]
        return Examination(
            rows=self.rows,
            names=self.names,
            parts=self._parts,
            missing=self._missing(self.names),
            absent=self.absent,
            rejected=rejected,
            rejects=tuple(rejects),
        )

    def check(self) -> None:
        """Refuse what cannot be meant: nothing to read, no ids, columns missing, far too few records.

        Raises:
            InputError: one of these, unless the job is forced.
        """
        job, names = self.job, self.names
        sources = ", ".join(repr(reader.source) for reader in job.inputs)
        if self.rows == 0 and job.force:
            return
        if self.rows == 0:
            raise InputError(f"There is no record in {sources}.", hint="Check the export that made it.")
        if broken := self._nothing_but_broken():
            raise InputError(
                f"No row of {sources} is a record; the first is told here.",
                problems=[f"{broken.source!r}, {_place(broken)}: {broken.reason}"],
                hint=_AS_MAPPINGS if broken.line is None else _AS_LINES,
            )
        for source, there in self._columns:
            self._check_id_column(source, there)
        if twice := self._stems_met_twice():
            raise InputError(
                f"Several inputs are called {_listed(twice)}, so that their rows would have the same ids.",
                hint="Rename one of them, or name a column of ids (--id COLUMN).",
            )
        if job.force:
            return
        if unknown := [name for name in job.keep if name not in names]:
            raise InputError(
                f"The columns to keep {_listed(unknown)} are not in {sources}; there is {_listed(names)}.",
                hint="Mend [record] keep, or leave them empty with --force.",
            )
        for source, there in self._columns:
            self._check_required(source, there)
        self._check_count(sources)

    def _check_id_column(self, source: str, there: Sequence[str]) -> None:
        if self.job.id_column is not None and self.job.id_column not in there:
            raise InputError(
                f"The id column {self.job.id_column!r} is not in {source}; there is {_listed(there)}.",
                hint="Name the column (--id COLUMN, id=…), or number the rows (--id-row, id=None).",
            )

    def _check_required(self, source: str, there: Sequence[str]) -> None:
        if missing := self._missing(there):
            raise InputError(
                f"Required columns are not in {source}; there is {_listed(there)}.",
                problems=[f"{key} needs {', '.join(map(repr, columns))}" for key, columns in missing.items()],
                hint="Add the columns, map them under [columns] in mlsm.toml, or score even so with --force.",
            )

    def _check_count(self, sources: str) -> None:
        """Refuse far too few records, counted without rejects, and none at all."""
        usable, least = self._usable, self.job.min_records
        there = "is 1 record" if usable == 1 else f"are {usable} records"
        if not usable:
            first = next(reject for number, part in self._id_parts() for reject in self._rejects_of(number, part))
            raise InputError(
                f"No row of {sources} can be scored; the first is told here.",
                problems=[f"{first.source!r}, {_place(first)}: {first.reason}"],
                hint="Name the column of ids (--id COLUMN, id=…), or reject every row even so with --force.",
            )
        if usable < least:
            besides = f" besides {self.rows - usable:,} rejected rows" if usable < self.rows else ""
            raise InputError(
                f"There {there} in {sources}{besides}; expected at least {least}.",
                hint="Check the export, lower [input] min_records, or score even so with --force.",
            )

    @property
    def _usable(self) -> int:
        """Count the rows that are records with an id of their own."""
        if self.job.id_column is not None:
            return self._ids.usable
        return self.rows - sum(reader.facts().broken for reader in self.job.inputs)

    def cuts(self, skip: Collection[int]) -> Iterator[Cut]:
        """Yield the parts to score, without those whose numbers are given."""
        wanted = None
        if self._prepared.shape == "flat":
            wanted = {*self._prepared.sources, *self.job.keep, *_one(self.job.id_column)}
        for number, part in self._numbered(wanted, skip):
            yield self._cut(number, part)

    def _cut(self, number: int, part: RawPart) -> Cut:
        ids, wrong = read_ids(part, self.job.id_column, trusted=number in self._ids.sound)
        forgotten = self._forgotten(ids)
        rejects = self._rejects(number, part, ids, {**wrong, **forgotten})
        columns = dict(part.columns)
        bad = {*wrong, *forgotten, *self._ids.duplicates.get(number, ())}
        if bad:
            rows = [row for row in range(len(part)) if row not in bad]
            ids = ids.gather(rows)
            columns = {name: _gathered(column, rows) for name, column in columns.items()}
        kept = tuple(_kept(name, columns.get(name), len(ids)) for name in self.job.keep)
        rows_in_all = len(part) + len(part.broken)
        return Cut(number=number, rows=rows_in_all, ids=ids, columns=columns, kept=kept, rejects=tuple(rejects))

    def _forgotten(self, ids: pl.Series) -> dict[int, str]:
        """Find the rows of people who asked to be forgotten."""
        if not self._tombstones.marks:
            return {}
        return {row: _FORGOTTEN for row, gone in enumerate(self._tombstones.among(ids)) if gone}

    def _rejects(self, number: int, part: RawPart, ids: pl.Series, wrong: dict[int, str]) -> list[Reject]:
        found = list(part.broken)
        for row, why in sorted({**wrong, **self._ids.duplicates.get(number, {})}.items()):
            line = None if part.lines is None else part.lines[row]
            # Who was forgotten is not named.
            named = None if wrong.get(row) == _FORGOTTEN else ids[row]
            found.append(Reject(source=part.source, row=part.rows[row], line=line, record_id=named, reason=why))
        return sorted(found, key=lambda reject: reject.row)

    def _rejects_of(self, number: int, part: RawPart) -> list[Reject]:
        return self._rejects(number, part, *read_ids(part, self.job.id_column))

    def _id_parts(self) -> Iterator[tuple[int, RawPart]]:
        yield from self._numbered(set(_one(self.job.id_column)), ())

    def _id_parts_ahead(self) -> Iterator[tuple[int, RawPart]]:
        return ahead(self._id_parts())

    def _numbered(self, columns: set[str] | None, skip: Collection[int]) -> Iterator[tuple[int, RawPart]]:
        first = 0
        for place, reader in enumerate(self.job.inputs):
            count = len(self._parts[place]) if self._parts else 0
            own = {number - first for number in skip if first <= number < first + count}
            last = first
            for part in reader.parts(self.job.part_rows, columns=columns, skip=own):
                last = first + part.number + 1
                yield first + part.number, part
            first = first + count if self._parts else last

    def _nothing_but_broken(self) -> Reject | None:
        """Give the first row that is no record, where no row is one."""
        if any(reader.facts().names or reader.facts().broken < reader.facts().rows for reader in self.job.inputs):
            return None
        rejects = (reject for _, part in self._numbered(set(), ()) for reject in part.broken)
        return next(rejects, None)

    def _stems_met_twice(self) -> list[str]:
        """Give the names that stand before the row numbers of more than one input."""
        if self.job.id_column is not None or len(self.job.inputs) < 2:
            return []
        stems = [part.stem for reader in self.job.inputs for part in islice(reader.parts(1, columns=()), 1)]
        return sorted({stem for stem in stems if stems.count(stem) > 1})

    @property
    def names(self) -> tuple[str, ...]:
        """Give the columns of all inputs, each once."""
        return tuple(dict.fromkeys(name for reader in self.job.inputs for name in reader.facts().names))

    @property
    def absent(self) -> dict[str, tuple[str, ...]]:
        """Name the columns that models can do without and no input has, each with those models."""
        if self._prepared.shape != "flat":
            return {}
        names = set(self.names)
        found: dict[str, tuple[str, ...]] = {}
        for step in self._prepared.steps:
            for field_ in step.model.inputs:
                if not field_.required and field_.column not in names:
                    found[field_.column] = (*found.get(field_.column, ()), step.model.key)
        return found

    @property
    def _columns(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the columns of all inputs together, then of each that has rows, with what they are called."""
        yield ", ".join(repr(reader.source) for reader in self.job.inputs), self.names
        for reader in self.job.inputs:
            if reader.facts().rows and reader.facts().names:
                yield repr(reader.source), reader.facts().names

    def _missing(self, names: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Name the required columns of active models that are not among some, by model."""
        if self._prepared.shape != "flat":
            return {}
        missing = {}
        for step in self._prepared.steps:
            lacking = [f.column for f in step.model.inputs if f.required and f.column not in names]
            if lacking and step.model.status == "active":
                missing[step.model.key] = tuple(lacking)
        return missing


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "no column at all"


def _place(reject: Reject) -> str:
    return f"row {reject.row}" if reject.line is None else f"line {reject.line}"


def _one(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _sizes(rows: int, part_rows: int) -> tuple[int, ...]:
    whole, rest = divmod(rows, part_rows)
    return (part_rows,) * whole + ((rest,) if rest else ())


def _gathered(column: Column, rows: list[int]) -> Column:
    return column.gather(rows) if isinstance(column, pl.Series) else [column[row] for row in rows]


def _kept(name: str, column: Column | None, size: int) -> pl.Series:
    """Give a kept column as it came; Python objects of several types as their text."""
    if column is None:
        return pl.repeat(None, size, dtype=pl.String, eager=True).alias(KEPT + name)
    if isinstance(column, pl.Series):
        return column.alias(KEPT + name)
    kinds = {type(value) for value in column if value is not None}
    simple = {str: pl.String, int: pl.Int64, float: pl.Float64, bool: pl.Boolean}
    if len(kinds) <= 1 and kinds <= simple.keys():
        dtype = simple[next(iter(kinds), str)]
        try:
            return pl.Series(KEPT + name, column, dtype)
        except (OverflowError, UnicodeEncodeError, pl.exceptions.PolarsError):
            pass  # an int beyond 64 bits, or text that is not Unicode
    texts = [None if value is None else str(value).encode(errors="backslashreplace").decode() for value in column]
    return pl.Series(KEPT + name, texts, pl.String)
