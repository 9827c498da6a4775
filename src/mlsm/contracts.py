"""What the workers promise each other: Protocols, and the values that pass between them.

None of the workers (engine, executors, runtimes, stores, readers, writers, checks) knows
another; each knows this page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import msgspec

from mlsm._batch import Batch
from mlsm._result import Result
from mlsm._typing import Lane, Purpose

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlsm._fields import Fields
    from mlsm._model import ArtefactModel

__all__ = [
    "ROW_ID",
    "ArtefactRuntime",
    "Column",
    "Description",
    "Executor",
    "Facets",
    "Facts",
    "InputEntry",
    "ModelEntry",
    "NoReasonsError",
    "OpenRun",
    "Predictor",
    "RawPart",
    "Reader",
    "Reasoned",
    "Reject",
    "RunEntry",
    "RunPlan",
    "Runtime",
    "Selection",
    "Store",
    "Writer",
]

Column: TypeAlias = "pl.Series | list[Any]"
"""One column as it came: a polars Series where the source is typed or text throughout,
a list of Python objects where it is mixed (JSON, Python records)."""


ROW_ID = "mlsm:record_id"
"""The column of ids in a frame handed to a predictor; the model itself is not handed it."""


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


class Writer(Protocol):
    """Results out, one frame a part, in the order of the parts."""

    def write(self, part: int, frame: pl.DataFrame) -> None:
        """Append one part; every frame has the same columns."""

    def close(self) -> None:
        """Make what was written appear, whole."""

    def abort(self) -> None:
        """Give up; leave no half-written file under the final name."""


@dataclass(frozen=True, slots=True)
class Facets:
    """The answers of one of our own runtimes, by columns: no value is looked at one by one.

    Args:
        frame: a row a record, with any of `score` (float64), `label`, and, as canonical JSON
            text, `output` and `reasons`. A row without score and label abstains.
    """

    frame: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoned:
    """What each field added to each score: link(baseline + sum of contributions) * factor = score.

    Args:
        scale: what is counted, the score itself, or log odds, whose link is logistic.
        fields: what the columns of `contributions` stand for.
        contributions: float64, rows x fields.
        baseline: what the sums start from, one for all or one a row.
        factor: what the linked sum is multiplied with.
        texts: for each field what to say of it, where there is more than its name.
        approximate: whether they were found by asking the model again.
    """

    scale: Literal["score", "log_odds"] = "score"
    fields: tuple[str, ...]
    contributions: NDArray[np.float64]
    baseline: float | NDArray[np.float64] = 0.0
    factor: float = 1.0
    texts: tuple[str | None, ...] | None = None
    approximate: bool = False


class NoReasonsError(Exception):
    """A model's kind has no exact reasons; its fields are taken away one by one instead."""


class Predictor(Protocol):
    """A loaded model, ready to be called.

    `by_row` tells the batch path to map `record` over the rows; otherwise `columns` is
    called with a frame of them.
    """

    @property
    def by_row(self) -> bool:
        """Tell whether the batch path maps `record` over the rows."""

    @property
    def single(self) -> bool:
        """Tell whether `record` answers for one record, rather than with a frame of one row."""

    @property
    def path(self) -> str:
        """Tell in one sentence how one record is scored, and why so."""

    @property
    def samples(self) -> Sequence[tuple[Any, ...]]:
        """Give values, in the order of the fields, for which `record` and `columns` must agree."""

    def record(self, *values: Any) -> object:
        """Score one record: its upstreams, its checked values in the order of the fields, `as_of`."""

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:
        """Score a frame whose columns are the model's fields and `ROW_ID`; one answer a row."""

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:
        """Give the exact reasons for the scores of a frame.

        Raises:
            NoReasonsError: there are none.
        """


class Runtime(Protocol):
    """How one kind of model is loaded and called."""

    def load(self, model: Any) -> Predictor:
        """Make a model callable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What an artefact tells of itself.

    Args:
        fields: what it reads, None where it does not tell.
        range: the least and the greatest score.
        labels: every label, best first.
        wants_as_of: whether its score depends on the clock.
        notes: what people should know, a sentence each.
    """

    fields: Fields | None
    range: tuple[float, float] | None = None
    labels: tuple[str, ...] | None = None
    wants_as_of: bool = False
    notes: tuple[str, ...] = ()


class ArtefactRuntime(Protocol):
    """How one kind of file becomes a model."""

    def describe(self, path: Path, options: Mapping[str, Any]) -> Description:
        """Read a file and tell what it says of itself.

        Raises:
            DeclarationError: the options do not fit it.
            InputError: it is not there, or is nothing of the kind.
            MissingExtraError: the library that reads it is not installed.
        """

    def load(self, model: ArtefactModel) -> Predictor:
        """Make it callable; raises the same."""


class Executor(Protocol):
    """Where parts are scored; it never sees the store."""

    def run(self, plan: object, parts: Iterable[RawPart], entry: str) -> Iterator[Batch]:
        """Score every part with the function that `entry` (`module:name`) names, in order."""


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A model version as a run records it; `columns` names those of fields that are called otherwise."""

    name: str
    version: str
    status: str
    kind: str
    digest: str
    source: str | None = None
    upstreams: tuple[str, ...] = ()
    columns: dict[str, str] = {}

    @property
    def key(self) -> str:
        """Give `name@version`."""
        return f"{self.name}@{self.version}"


class InputEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An input as a run records it; `parts` holds the number of rows of each part."""

    source: str
    fingerprint: str
    options: dict[str, str]
    parts: tuple[int, ...]


class RunPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides the results of a run; a resume must bring the same plan.

    Args:
        purpose: `live` results count for `current`, those of a `trial` never do.
        as_of: the clock of the run, UTC. A resume takes over the stored one, unless it names another.
        models: the catalog, in its order; retired models are left out.
        inputs: what is read.
        id_column: the column of ids, None for row numbers.
        keep: columns that travel untouched.
        as_of_named: whether somebody asked for this clock, rather than took the time of day.
        reasons: the most reasons a score that were asked for.
        parent: the run that this one repeats or continues.
        provenance: versions, host, command; told, not compared.
    """

    purpose: Purpose
    as_of: datetime
    models: tuple[ModelEntry, ...]
    inputs: tuple[InputEntry, ...]
    id_column: str | None
    keep: tuple[str, ...] = ()
    as_of_named: bool = False
    reasons: int = 0
    parent: str | None = None
    provenance: dict[str, str] = {}

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Give the lanes that a part of this run has, the active one first."""
        active = any(model.status == "active" for model in self.models)
        drafts = any(model.status != "active" for model in self.models)
        return (("active",) if active else ()) + (("draft",) if drafts else ())  # type: ignore[return-value]  # literals


class OpenRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is open for writing, and what it already holds."""

    run_id: str
    as_of: datetime
    resumed: bool
    done: frozenset[tuple[int, Lane]]


class RunEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A run as the store tells of it.

    `state` is `open`, `finished` or `interrupted`; `counts` holds committed results by
    model version and outcome; `report` what the closing run said of itself.
    """

    run_id: str
    state: str
    plan: RunPlan
    started_at: datetime
    finished_at: datetime | None
    parts_done: int
    records: int
    rejects: int
    counts: dict[str, dict[str, int]]
    report: dict[str, Any] = {}


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which results are wanted; None means no condition.

    `models` are names or keys; `record_ids` a handful of records; `score_at_least` and
    `score_at_most` are inclusive.
    """

    models: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    statuses: tuple[str, ...] | None = None
    outcomes: tuple[str, ...] | None = None
    record_ids: tuple[str, ...] | None = None
    score_at_least: float | None = None
    score_at_most: float | None = None


class Store(Protocol):
    """Where runs and results are kept, append-only, with history.

    Frames of results have the columns of `mlsm._batch.long_schema`, then the kept columns
    as one text column `kept` (a JSON object, null where none). Everything raised is a
    `StoreError` or an `UnknownNameError`.
    """

    url: str

    def open_run(self, plan: RunPlan, *, resume: bool = False) -> OpenRun:
        """Begin a run, or take up the newest unfinished one.

        Where `resume` is true and nothing is unfinished, a run begins.

        Raises:
            PlanChangedError: the unfinished run was opened with another plan.
            DigestChangedError: a version stored as active has another digest now.
        """

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        """Commit one lane of a part, or change nothing and return False if it is there.

        The part's rejects and inputs go with the first lane that is written.
        """

    def close_run(self, run_id: str, *, state: str, report: Mapping[str, Any]) -> None:
        """Note how the run ended: `finished` or `interrupted`."""

    def runs(self) -> list[RunEntry]:
        """List the runs, newest first."""

    def run(self, run_id: str) -> RunEntry:
        """Give one run, by its id or the beginning of it."""

    def score(self, record_id: str) -> list[Result]:
        """Give the score of a record: one result a model name, by name."""

    def current(self, record_id: str) -> list[Result]:
        """Give the current result of each model version for a record."""

    def history(self, record_id: str) -> list[Result]:
        """Give every committed result of a record, newest first, those of trials too."""

    def kept(self, record_id: str) -> dict[str, Any]:
        """Give the kept columns of a record as they came last."""

    def scores(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the score of every record."""

    def currents(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the current result of every record and model version."""

    def results(self, run_id: str, selection: Selection, *, part: int | None = None) -> Iterator[pl.DataFrame]:
        """Yield the results of one run, part by part; of one part alone where it is named."""

    def changes(self, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield (seq, results) of every live lane committed after `after`, by seq."""

    def seq(self, run_id: str | None = None) -> int:
        """Give the greatest seq (of a run), 0 where nothing is committed."""

    def rejects(self, run_id: str) -> Iterator[Reject]:
        """Yield the rejects of a run, in the order of its input."""

    def inputs(self, run_id: str) -> Iterator[pl.DataFrame]:
        """Yield the kept inputs of a run, part by part."""

    def dispose(self) -> None:
        """Let go of the connection."""


Opener: TypeAlias = Callable[[str, Path], Store]
"""How a store is opened: its URL, and the folder that a relative path starts from."""
