"""Who scores the parts of a run: this process, worker processes, or first the one and then the others.

Where nobody said how many workers there are, this process begins. What a part takes tells how
long the rest would; where that is long enough, workers are started, one less than there are
cores: this process goes on, and scores beside them whenever they have enough to do. A run whose
process died is taken up by workers alone: what they die of is found, and costs its record.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mlsm._batch import Batch
from mlsm._model import MAIN, ArtefactModel
from mlsm.errors import DeclarationError, MlsmError
from mlsm.executors import EXECUTORS
from mlsm.service.inputs import Cut
from mlsm.service.request import Job
from mlsm.service.scoring import Scoring
from mlsm.service.specification import Specification, specified
from mlsm.service.workers import cores

if TYPE_CHECKING:
    from mlsm.executors.processes import Crew

__all__ = ["Hands"]

_PAYS_SECONDS = 1.0
"""Seconds that scoring should still take before workers pay, whose start takes half a second of a core."""
_SURE_SECONDS = 0.3
"""So long scoring is watched before workers are started: the machine may have had something else to do for a part."""
_MANY_ROWS = 500_000
"""So many take longer than that with all but the cheapest functions; then nothing is waited for."""
_BUSY_SHARE = 0.7
"""The share of all cores that models' libraries may use by themselves; beyond, workers would only be in their way."""
_log = logging.getLogger("mlsm")
_ENTRY = "mlsm.service.sharing:score_sent"


class Hands:
    """Those who score the parts of a job; workers that are asked for load the models while inputs are looked at.

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
        self._all_theirs = self._contained = False

    def __enter__(self) -> Self:
        if self._job.workers != "auto":
            self._hire(self._job.workers)
            self._all_theirs = self._crew is not None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._crew is not None:
            self._crew.__exit__(kind, error, at)

    @property
    def here(self) -> bool:
        """Tell whether this process scores the next part."""
        return not self._all_theirs

    def keep_away(self, rows: int) -> None:
        """Let workers score all parts, if there may be any: who scored them before died, perhaps by a model.

        Args:
            rows: how many rows the inputs have.
        """
        if self._crew is None and self._job.workers == "auto":
            self._try(lambda: self._hire(cores() if rows >= _MANY_ROWS else 1))
            self._all_theirs = self._contained = self._crew is not None

    def score(self, scoring: Scoring, cuts: Iterator[Cut], rows: int) -> Generator[Batch, None, None]:
        """Score parts, in order.

        Args:
            scoring: the run.
            cuts: the parts.
            rows: how many rows they have.
        """
        yield from self._scored_here(scoring, cuts, rows)
        if self._crew is not None and self._catalog is not None:
            from mlsm.service.sharing import Opened, Sharing, order_of, score_sent

            sharing = Sharing(scoring, self._catalog)
            opened = Opened(prepared=scoring.prepared, order=order_of(self._job, self._catalog))
            here = partial(score_sent, opened) if self._job.workers == "auto" and not self._contained else None
            yield from self._crew.run(sharing, cuts, here)

    def _scored_here(self, scoring: Scoring, cuts: Iterator[Cut], rows: int) -> Iterator[Batch]:
        """Score parts in this process, until there are none or workers are ready."""
        batches = import_module(EXECUTORS["inline"]).run(scoring, self._mine(cuts), "mlsm.service.scoring:score_cut")
        pace, left, first = float("inf"), rows, True
        watched = processor = 0.0
        if rows >= _MANY_ROWS and not any(isinstance(step.model, ArtefactModel) for step in scoring.prepared.steps):
            self._hire_some()
        while True:
            begun, used = time.perf_counter(), time.process_time()  # what the caller does with a part is no scoring
            if (batch := next(batches, None)) is None:
                return
            left -= len(batch)
            if not first:  # which also paid for what is imported when it is used
                seconds = time.perf_counter() - begun
                pace = min(pace, seconds / max(1, len(batch)))
                watched, processor = watched + seconds, processor + time.process_time() - used
            first = False
            idle = processor < _BUSY_SHARE * watched * cores()
            if idle and watched > _SURE_SECONDS and _PAYS_SECONDS < pace * left < float("inf"):
                self._hire_some()
            self._try(self._look)
            yield batch

    def _hire_some(self) -> None:
        if self._crew is None and self._job.workers == "auto":
            self._try(lambda: self._hire(cores() - 1))

    def _look(self) -> None:
        self._all_theirs = self._crew is not None and self._crew.ready()

    def _try(self, step: Callable[[], None]) -> None:
        """Go on without workers where nobody asked for them and they cannot be had, as when a file has changed."""
        try:
            step()
        except (MlsmError, OSError) as error:
            if self._job.workers != "auto":
                raise
            _log.warning("Scoring goes on without workers: %s", error)
            crew, self._crew, self._catalog = self._crew, None, None
            if crew is not None:
                crew.end(at_once=True)

    def _mine(self, cuts: Iterator[Cut]) -> Iterator[Cut]:
        while self.here and (cut := next(cuts, None)) is not None:
            yield cut

    def _hire(self, count: int) -> None:
        if self._catalog is None or count < 1:
            return
        from mlsm.executors.processes import Crew
        from mlsm.service.sharing import order_of

        order = order_of(self._job, self._catalog)
        self._crew = Crew(order, _ENTRY, count).__enter__()


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
