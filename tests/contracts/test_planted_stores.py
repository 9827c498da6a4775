"""The suite finds what it is there to find: stores with one fault each are shown red."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

import msgspec
import polars as pl
import pytest

from mlsm._batch import Batch, facet
from mlsm._result import Outcome, Result
from mlsm._typing import Lane
from mlsm.contracts import OpenRun, Reject, RunPlan, Selection
from mlsm.errors import MlsmError
from mlsm.stores.memory import MemoryStore
from mlsm.testing.stores import STORE_CHECKS, check_store


class LosesAPart(MemoryStore):
    """Says that the second part is stored, and forgets it."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        return part == 1 or super().write(run_id, part, lane, batch, rejects)


class DoublesAPart(MemoryStore):
    """Stores what comes again a second time."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        written = super().write(run_id, part, lane, batch, rejects)
        return written or (super().write(run_id, part + 1000, lane, batch, rejects) and False)


class StaleCurrent(MemoryStore):
    """Remembers the first answer about a record for ever."""

    def __init__(self) -> None:
        super().__init__()
        self._remembered: dict[str, list[Result]] = {}

    def current(self, record_id: str) -> list[Result]:
        return self._remembered.setdefault(record_id, super().current(record_id))


class ShiftsByOneRow(MemoryStore):
    """Gives each record the score of the one before it."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        scores = [facet(model.key, "score") for model in batch.models]
        shifted = [pl.col(name).gather((pl.int_range(pl.len()) - 1) % pl.len()) for name in scores]
        frame = batch.frame.with_columns(shifted) if len(batch) else batch.frame
        return super().write(run_id, part, lane, replace(batch, frame=frame), rejects)


class SwallowsNulls(MemoryStore):
    """Leaves results without a score out of its listings."""

    def scores(self, selection: Selection) -> Iterator[pl.DataFrame]:
        for frame in super().scores(selection):
            yield frame.filter(pl.col("score").is_not_null())


class NullsAreZero(MemoryStore):
    """Gives 0 where there is no score."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        filled = [pl.col(facet(model.key, "score")).fill_null(0.0) for model in batch.models]
        return super().write(run_id, part, lane, replace(batch, frame=batch.frame.with_columns(filled)), rejects)


class TheLastWrittenWins(MemoryStore):
    """Goes by the order of commits and not by the clocks."""

    def score(self, record_id: str) -> list[Result]:
        newest = {}
        for _, frame in self.changes(0):
            for row in frame.filter((pl.col("record_id") == record_id) & (pl.col("status") == "active")).to_dicts():
                newest[row["model"]] = row
        return [one for one in self.history(record_id) if self._is(one, newest)]

    @staticmethod
    def _is(one: Result, newest: Mapping[str, Any]) -> bool:
        row = newest.get(one.model)
        return row is not None and (row["run_id"], row["as_of"], row["version"]) == (one.run_id, one.as_of, one.version)


class TrialsCount(MemoryStore):
    """Takes every run for a live one."""

    def open_run(self, plan: RunPlan, *, resume: bool = False) -> OpenRun:
        opened = super().open_run(plan, resume=resume)
        self._runs[opened.run_id].plan = msgspec.structs.replace(plan, purpose="live")
        return opened


class DraftsDecide(MemoryStore):
    """Gives the current result of any version as the score."""

    def score(self, record_id: str) -> list[Result]:
        return list({one.model: one for one in reversed(self.current(record_id))}.values())


class ForgetsMicroseconds(MemoryStore):
    """Keeps times by the millisecond."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        as_of = batch.as_of.replace(microsecond=batch.as_of.microsecond // 1000 * 1000, tzinfo=UTC)
        return super().write(run_id, part, lane, replace(batch, as_of=as_of), rejects)


class TrimsIds(MemoryStore):
    """Takes blanks off the ids."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        frame = batch.frame.with_columns(pl.col("record_id").str.strip_chars())
        return super().write(run_id, part, lane, replace(batch, frame=frame), rejects)


class RoundsScores(MemoryStore):
    """Keeps scores as a database with four-byte floats would."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        rounded = [pl.col(facet(model.key, "score")).cast(pl.Float32).cast(pl.Float64) for model in batch.models]
        return super().write(run_id, part, lane, replace(batch, frame=batch.frame.with_columns(rounded)), rejects)


class ForgetsRejects(MemoryStore):
    """Keeps rejects with the active lane alone."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        return super().write(run_id, part, lane, batch, rejects if lane == "active" else ())


class ResumesAnything(MemoryStore):
    """Takes up the newest unfinished run, whatever its plan."""

    def open_run(self, plan: RunPlan, *, resume: bool = False) -> OpenRun:
        unfinished = [run for run in self.runs() if run.state != "finished"]
        if resume and unfinished:
            return super().open_run(unfinished[0].plan, resume=True)
        return super().open_run(plan, resume=resume)


class ReportsTheChangesOfTrials(MemoryStore):
    """Tells of every lane as a change."""

    def changes(self, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
        for run in self.runs():
            for frame in self.results(run.run_id, Selection()):
                if (seq := self.seq(run.run_id)) > after:
                    yield seq, frame


class HidesFailures(MemoryStore):
    """Goes on giving the last good result where a model failed."""

    def score(self, record_id: str) -> list[Result]:
        return [one for one in super().score(record_id) if one.outcome is not Outcome.ERROR]


FAULTS = {
    LosesAPart: "every_record_keeps_its_own",
    DoublesAPart: "a_part_written_again_changes_nothing",
    StaleCurrent: "the_later_clock_wins",
    ShiftsByOneRow: "every_record_keeps_its_own",
    SwallowsNulls: "results_without_a_score_are_results",
    NullsAreZero: "results_without_a_score_are_results",
    TheLastWrittenWins: "the_later_clock_wins",
    TrialsCount: "trials_never_count",
    DraftsDecide: "drafts_never_decide",
    ForgetsMicroseconds: "results_come_back_whole",
    TrimsIds: "ids_are_kept_byte_for_byte",
    RoundsScores: "scores_keep_their_bits",
    ForgetsRejects: "rejects_come_back_in_order",
    ResumesAnything: "a_changed_plan_is_refused",
    ReportsTheChangesOfTrials: "changes_come_by_seq",
    HidesFailures: "a_failure_is_the_score_too",
}


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_planted_fault_is_found(kind: type[MemoryStore]) -> None:
    """A store with one fault fails the check that is about it."""
    with pytest.raises((AssertionError, MlsmError)):
        STORE_CHECKS[FAULTS[kind]](kind())


def test_suite_names_every_check_that_failed() -> None:
    """The suite goes on after a failure, and tells which checks failed and how."""
    with pytest.raises(AssertionError) as caught:
        check_store(TrimsIds)
    first, *failed = str(caught.value).splitlines()
    assert f"{len(failed)} of {len(STORE_CHECKS)} checks failed:" == first
    assert ["ids_are_kept_byte_for_byte"] == [line.partition(":")[0] for line in failed]
