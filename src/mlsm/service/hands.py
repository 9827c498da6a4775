"""The worker processes of a run: how many there are, and from when on."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mlsm._batch import Batch
from mlsm._model import MAIN
from mlsm.errors import DeclarationError
from mlsm.service.inputs import Cut
from mlsm.service.request import Job
from mlsm.service.scoring import Scoring
from mlsm.service.specification import Specification, specified

if TYPE_CHECKING:
    from mlsm.executors.processes import Crew

__all__ = ["Hands", "cores"]

_ROWS_EACH = 100_000
"""Rows that a worker should have before its start, some tenths of a second, pays."""
_COUNTED = frozenset({"frame", "parquet"})
"""Formats that tell their rows without being read."""
_ENTRY = "mlsm.service.sharing:score_sent"


class Hands:
    """The workers of a job, started before its inputs are looked at where it is known that there are some.

    Args:
        job: what is asked for.

    Raises:
        DeclarationError: processes are asked for, but a model exists in this one only, or this
            one is itself being started by such a run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._catalog = _sendable(job)
        self._crew: Crew | None = None

    def __enter__(self) -> Self:
        job = self._job
        if job.workers != "auto":
            self._hire(job.workers)
        elif self._catalog is not None and all(reader.options().get("format") in _COUNTED for reader in job.inputs):
            self._hire(_count(sum(reader.facts().rows for reader in job.inputs)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._crew is not None:
            self._crew.__exit__(kind, error, at)

    def wanted(self, rows: int) -> bool:
        """Tell whether workers score the rows that are left."""
        if self._crew is None and self._job.workers == "auto":
            self._hire(_count(rows))
        return self._crew is not None

    def score(self, scoring: Scoring, cuts: Iterator[Cut]) -> Generator[Batch, None, None]:
        """Score parts with the workers, in order."""
        from mlsm.service.sharing import Sharing

        if self._crew is not None and self._catalog is not None:
            yield from self._crew.run(Sharing(scoring, self._catalog), cuts)

    def _hire(self, count: int) -> None:
        if self._catalog is None or count == 0:
            return
        from mlsm.executors.processes import Crew
        from mlsm.service.sharing import order_of

        order = order_of(self._job, self._catalog)
        self._crew = Crew(order, _ENTRY, count).__enter__()


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(rows: int) -> int:
    return min(cores(), rows // _ROWS_EACH) if rows >= 2 * _ROWS_EACH else 0


def _sendable(job: Job) -> Specification | None:
    """Describe the catalog of a job for other processes, None where none are wanted or can be had."""
    if job.workers == 0:
        return None
    if MAIN in sys.modules:
        raise DeclarationError(
            "A worker process that imports the script would begin the run once more.",
            hint='Put what scores under `if __name__ == "__main__":`.',
        )
    try:
        return specified(job.catalog)
    except DeclarationError:
        if job.workers == "auto":
            return None
        raise
