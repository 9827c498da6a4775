"""Where runs and results are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from mlsm._batch import Batch
from mlsm._result import Result
from mlsm._typing import Lane
from mlsm.contracts.inputs import Reject
from mlsm.contracts.runs import OpenRun, RunEntry, RunPlan, Selection

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Opener",
    "Store",
]


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
