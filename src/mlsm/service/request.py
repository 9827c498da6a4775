"""What one command asks for, and what is known before anything is scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from mlsm._catalog import Catalog
from mlsm._fields import Reading
from mlsm._typing import Purpose, Shape
from mlsm.contracts import Reader, Reject, Writer
from mlsm.errors import InputError

__all__ = ["PART_ROWS", "Examination", "Job", "Output"]

PART_ROWS = 25_000
"""Rows a part: large enough for columns to pay, small enough that a kill costs a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One scoring of inputs with a catalog.

    Args:
        catalog: the models; retired ones do not run.
        inputs: what is read, in order; of records with the same id the first is scored.
        id_column: the column of ids, None for `<file stem>:<row>`.
        as_of: the clock that the models see, UTC.
        as_of_named: whether somebody asked for it; else a resumed run keeps its own.
        keep: columns that travel into the store and exports untouched.
        reading: how the data spells values.
        shape: `flat`, or `nested` records with `record["data"][name][version]`.
        purpose: `live` counts for `current`, `trial` never does.
        part_rows: rows a part.
        min_records: refuse inputs of fewer records.
        force: score even so, and where a required column is missing.
        resume: take up the newest unfinished run.
        keep_inputs: whether the columns that models read go into the store, or their hash.
        keep_results: after the run, older results that nothing needs any more are removed; None for none.
        reasons: the most reasons a score; with 0 only those that models give of themselves.
        max_failed: the share of failed results above which an active model is degraded, where it does not say itself.
        workers: how many processes score; 0 is this one, `auto` decides by rows and cores.
        provenance: what else the run should tell of itself.

    Raises:
        InputError: an option has a value that cannot be meant; all are told.
    """

    catalog: Catalog
    inputs: tuple[Reader, ...]
    id_column: str | None
    as_of: datetime
    as_of_named: bool = False
    keep: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)
    shape: Shape = "flat"
    purpose: Purpose = "live"
    part_rows: int = PART_ROWS
    min_records: int = 0
    force: bool = False
    resume: bool = False
    keep_inputs: Literal["keep", "hash", "none"] = "none"
    keep_results: timedelta | None = None
    reasons: int = 0
    max_failed: float = 0.01
    workers: int | Literal["auto"] = 0
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise InputError("This scoring cannot be begun by its options:", problems=problems)

    def _problems(self) -> Iterator[str]:
        for name, known in (("purpose", get_args(Purpose)), ("shape", get_args(Shape))):
            if (said := getattr(self, name)) not in known:
                yield f"{name} is {said!r}; expected {' or '.join(map(repr, known))}."
        for name, least in (("part_rows", 1), ("reasons", 0), ("workers", 0)):
            said = getattr(self, name)
            whole = isinstance(said, int) and not isinstance(said, bool) and said >= least
            if not whole and not (name == "workers" and said == "auto"):
                yield f"{name} is {said!r}; expected a whole number, {least} or more."

    @property
    def limits(self) -> dict[str, tuple[float, float | None]]:
        """Give for each active model the share that may fail, and that which may be `invalid`, if they count."""
        return {
            model.key: (
                self.max_failed if model.failing.max_failed is None else model.failing.max_failed,
                model.failing.max_invalid,
            )
            for model in self.catalog.running
            if model.status == "active"
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where results go besides the store: a row a lead if `wide`, else a row a result."""

    writer: Writer
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What is known of the inputs before anything is scored.

    Args:
        rows: rows in all inputs.
        names: columns, in order of first appearance.
        parts: the rows of each part, by input.
        missing: required columns that no input has, by active model.
        absent: columns that no input has and models can do without, each with those models.
        rejected: how many rows have no usable id or one met before, or are no records.
        rejects: the first of them.
    """

    rows: int
    names: tuple[str, ...]
    parts: tuple[tuple[int, ...], ...]
    missing: Mapping[str, tuple[str, ...]]
    absent: Mapping[str, tuple[str, ...]]
    rejected: int
    rejects: tuple[Reject, ...]
