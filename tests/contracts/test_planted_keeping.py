"""The suite finds a store that forgets, prunes, ranks, copies or counts wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest

from mlsm._batch import Batch
from mlsm._result import Result
from mlsm._typing import Lane
from mlsm.contracts import Forgotten, Pruned, Reject, RunEntry, Selection, StoredLane, Tombstones
from mlsm.errors import MlsmError
from mlsm.stores.memory import MemoryStore
from mlsm.testing.stores import STORE_CHECKS


class LetsTheForgottenBack(MemoryStore):
    """Removes a person, and takes the next part with that person in it."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        stones, self._tombstones = self._tombstones, Tombstones()
        try:
            return super().write(run_id, part, lane, batch, rejects)
        finally:
            self._tombstones = stones


class ForgetsResultsAlone(MemoryStore):
    """Leaves the kept inputs of a forgotten person where they are."""

    def forget(self, record_id: str) -> Forgotten:
        inputs = [lane.inputs for lane in self._lanes]
        gone = super().forget(record_id)
        self._lanes[:] = [replace(lane, inputs=own) for lane, own in zip(self._lanes, inputs, strict=True)]
        return gone


class ForgetsButCounts(MemoryStore):
    """Goes on counting the results of who was forgotten."""

    def forget(self, record_id: str) -> Forgotten:
        counts = {run_id: run.counts.copy() for run_id, run in self._runs.items()}
        gone = super().forget(record_id)
        for run_id, counted in counts.items():
            self._runs[run_id].counts = counted
        return gone


class NeverLifts(MemoryStore):
    """Says that a tombstone was lifted, and keeps it."""

    def lift(self, record_id: str) -> bool:
        return self._tombstones.among([record_id])[0]


class WritesNamesOnTombstones(MemoryStore):
    """Keeps the ids of those who were forgotten, in clear, as everyone's mark."""

    def tombstones(self) -> Tombstones:
        stones = super().tombstones()
        return replace(stones, key=b"") if stones.marks else stones


class PrunesTheScore(MemoryStore):
    """Removes whatever is old, current or not."""

    def prune(self, *, keep_runs: int | None = None, before: datetime | None = None) -> Pruned:
        pruned = super().prune(keep_runs=keep_runs, before=before)
        young = [*self._runs][-(keep_runs or 1) :]
        self._lanes[:] = [
            lane if lane.run_id in young else replace(lane, frame=lane.frame.clear()) for lane in self._lanes
        ]
        return pruned


class PrunesTheLastGood(MemoryStore):
    """Knows only what is current when it prunes: what stood before a failure goes."""

    def last_good(self, names: Sequence[str], record_ids: Sequence[str]) -> pl.DataFrame:
        found = super().last_good(names, record_ids)
        pruned = any(run.pruned for run in self._runs.values())
        return found.filter(pl.col("score") > 0.5) if pruned else found


class PrunesNothing(MemoryStore):
    """Says what it would remove, and removes nothing."""

    def prune(self, *, keep_runs: int | None = None, before: datetime | None = None) -> Pruned:
        lanes = list(self._lanes)
        pruned = super().prune(keep_runs=keep_runs, before=before)
        self._lanes[:] = lanes
        return pruned


class PrunesWhatMayBeResumed(MemoryStore):
    """Takes an unfinished run for an old one."""

    def prune(self, *, keep_runs: int | None = None, before: datetime | None = None) -> Pruned:
        states = {run_id: run.state for run_id, run in self._runs.items()}
        for run in self._runs.values():
            run.state = "finished"
        pruned = super().prune(keep_runs=keep_runs, before=before)
        for run_id, state in states.items():
            self._runs[run_id].state = state
        return pruned


class RanksFailures(MemoryStore):
    """Counts the score that stands in for a failure among the best."""

    def top(self, model: str, n: int) -> list[Result]:
        stale = [
            one
            for run in self.runs()
            for frame in self.results(run.run_id, Selection(outcomes=("error",)))
            for record_id in frame["record_id"]
            for one in self.current(record_id)
            if one.substitute is not None and one.model == model
        ]
        return [*stale, *super().top(model, n)][:n]


class TiesByChance(MemoryStore):
    """Gives equal scores in the opposite order of their ids."""

    def top(self, model: str, n: int) -> list[Result]:
        found = super().top(model, 10**6)
        return sorted(found, key=lambda one: (one.score or 0.0, one.record_id), reverse=True)[:n]


class TakesADraftForGood(MemoryStore):
    """Lets a draft stand in for a failed score."""

    def last_good(self, names: Sequence[str], record_ids: Sequence[str]) -> pl.DataFrame:
        lanes = list(self._lanes)
        active = pl.lit("active").alias("status")
        self._lanes[:] = [replace(lane, frame=lane.frame.with_columns(active)) for lane in lanes]
        try:
            return super().last_good(names, record_ids)
        finally:
            self._lanes[:] = lanes


class HandsOutHalf(MemoryStore):
    """Keeps the draft lanes to itself when it is copied."""

    def lanes(self) -> Iterator[StoredLane]:
        return (lane for lane in super().lanes() if lane.lane == "active")


class CopiesWithoutRejects(MemoryStore):
    """Loses the rejects on the way out."""

    def lanes(self) -> Iterator[StoredLane]:
        return (replace(lane, rejects=()) for lane in super().lanes())


class NamesAdoptedRunsAnew(MemoryStore):
    """Gives a run of another store the state of one of its own."""

    def adopt(self, entry: RunEntry) -> None:
        super().adopt(entry)
        self._runs[entry.run_id].state = "open"


class NumbersLate(MemoryStore):
    """Gives each lane a lower number than the one before it."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        written = super().write(run_id, part, lane, batch, rejects)
        with self._lock:
            self._lanes[:] = [replace(one, seq=10_000 - place) for place, one in enumerate(self._lanes)]
        return written


FAULTS = {
    LetsTheForgottenBack: "who_is_forgotten_does_not_come_back",
    ForgetsResultsAlone: "who_is_forgotten_is_gone",
    ForgetsButCounts: "who_is_forgotten_is_gone",
    NeverLifts: "a_tombstone_names_nobody",
    WritesNamesOnTombstones: "a_tombstone_names_nobody",
    PrunesTheScore: "pruning_changes_no_answer_of_now",
    PrunesTheLastGood: "pruning_changes_no_answer_of_now",
    PrunesNothing: "what_is_replaced_and_old_is_gone",
    PrunesWhatMayBeResumed: "an_unfinished_run_is_spared",
    RanksFailures: "the_best_come_first",
    TiesByChance: "the_best_come_first",
    TakesADraftForGood: "the_last_good_score_is_found",
    HandsOutHalf: "a_copy_says_the_same",
    CopiesWithoutRejects: "a_copy_says_the_same",
    NamesAdoptedRunsAnew: "an_adopted_run_is_as_it_was",
    NumbersLate: "changes_come_in_order_with_two_writers",
}


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_planted_fault_is_found(kind: type[MemoryStore]) -> None:
    """A store with one fault fails the check that is about it."""
    with pytest.raises((AssertionError, MlsmError)):
        STORE_CHECKS[FAULTS[kind]](kind())
