"""The suite finds a store that begins, lists, refuses or reads runs wrongly; and each of its checks is shown red."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import polars as pl
import pytest
from tests.contracts import test_planted_keeping, test_planted_stores
from tests.contracts.test_planted_keeping import NumbersLate, PrunesNothing
from tests.contracts.test_planted_stores import (
    DoublesAPart,
    DraftsDecide,
    ForgetsMicroseconds,
    LosesAPart,
    ResumesAnything,
    ShiftsByOneRow,
    TheLastWrittenWins,
    TrialsCount,
)

from mlsm._batch import Batch
from mlsm._result import Result
from mlsm._typing import Lane
from mlsm.contracts import OpenRun, Reject, RunEntry, RunPlan, Selection
from mlsm.errors import MlsmError, UnknownNameError
from mlsm.stores._selection import selected
from mlsm.stores.memory import MemoryStore, keeping
from mlsm.stores.memory.lanes import Committed, gather
from mlsm.testing.stores import STORE_CHECKS


class TakesOneOfTwo(MemoryStore):
    """Leaves out all but the last of a record that comes twice in a part."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        frame = batch.frame.unique("record_id", keep="last", maintain_order=True)
        return super().write(run_id, part, lane, replace(batch, frame=frame), rejects)


class KnowsEveryRun(MemoryStore):
    """Takes a run that it does not know for one without results."""

    def seq(self, run_id: str | None = None) -> int:
        try:
            return super().seq(run_id)
        except UnknownNameError:
            return 0


class CountsFinishedRunsAlone(MemoryStore):
    """Shows what a run has committed when it is done."""

    def _live(self) -> list[Committed]:
        return [lane for lane in super()._live() if self._runs[lane.run_id].state == "finished"]


class ShowsTheNewestRunAlone(MemoryStore):
    """Leaves out of a record what its newest run did not score."""

    def currents(self, selection: Selection) -> Iterator[pl.DataFrame]:
        for frame in super().currents(selection):
            yield frame.filter(pl.col("as_of") == pl.col("as_of").max().over("record_id"))


class WantsToKnowARecord(MemoryStore):
    """Refuses to tell nothing."""

    def history(self, record_id: str) -> list[Result]:
        found = super().history(record_id)
        if not found:
            raise UnknownNameError(f"No record {record_id!r}.")
        return found


class LeavesEmptyColumnsOut(MemoryStore):
    """Gives frames without the columns in which nothing stands."""

    def scores(self, selection: Selection) -> Iterator[pl.DataFrame]:
        for frame in super().scores(selection):
            yield frame[[column.name for column in frame if column.null_count() < frame.height]]


class SelectsBeforeItRanks(MemoryStore):
    """Looks for what is current among the results that fit."""

    def scores(self, selection: Selection) -> Iterator[pl.DataFrame]:
        fitting = selected(gather(self._live()), selection)
        found = keeping.newest(fitting, ["model"], active=True)
        yield found.drop("row", "place", "seq", "part")


class NumbersNothing(MemoryStore):
    """Has a seq before anything is committed."""

    def seq(self, run_id: str | None = None) -> int:
        return max(1, super().seq(run_id))


class BeginsInterrupted(MemoryStore):
    """Does not tell a run as open before its first part."""

    def _entry(self, run_id: str) -> RunEntry:
        entry = super()._entry(run_id)
        begun = entry.parts_done or entry.state == "finished"
        return entry if begun else msgspec.structs.replace(entry, state="interrupted")


class LetsTheLastCloserDecide(MemoryStore):
    """Takes a finished run for an interrupted one, when a second resumer says so."""

    def close_run(self, run_id: str, *, state: str, report: Mapping[str, Any]) -> None:
        if run_id in self._runs:
            self._runs[run_id].state = "open"
        super().close_run(run_id, state=state, report=report)


class ListsTheOldestFirst(MemoryStore):
    """Lists the runs as they began."""

    def runs(self) -> list[RunEntry]:
        return super().runs()[::-1]


class WantsWholeIds(MemoryStore):
    """Knows a run by its whole id alone."""

    def run(self, run_id: str) -> RunEntry:
        self._opened(run_id)
        return super().run(run_id)


class ResumesWhatIsFinished(MemoryStore):
    """Takes a finished run up once more."""

    def open_run(self, plan: RunPlan, *, resume: bool = False) -> OpenRun:
        for run in self._runs.values():
            run.state = "interrupted" if resume else run.state
        return super().open_run(plan, resume=resume)


class TakesAnyDigest(MemoryStore):
    """Forgets under which digest a version was stored as active."""

    def open_run(self, plan: RunPlan, *, resume: bool = False) -> OpenRun:
        self._digests.clear()
        return super().open_run(plan, resume=resume)


class LooksAtDigestsAtFirst(MemoryStore):
    """Looks at the digests when a run is opened, and not when it commits."""

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        self._digests.clear()
        return super().write(run_id, part, lane, batch, rejects)


class GivesEverybodysInputs(MemoryStore):
    """Gives all inputs of a run, whoever is asked for."""

    def inputs(self, run_id: str, *, record_id: str | None = None) -> Iterator[pl.DataFrame]:
        return super().inputs(run_id)


class WeighsNothing(MemoryStore):
    """Tells no size."""

    def size(self) -> int:
        return 0


class OneVersionAName(MemoryStore):
    """Has one current result a name, whatever its version."""

    def current(self, record_id: str) -> list[Result]:
        return list({one.model: one for one in reversed(super().current(record_id))}.values())


FAULTS: dict[type[MemoryStore], str] = {
    TakesOneOfTwo: "a_record_comes_once_in_a_part",
    KnowsEveryRun: "a_run_that_is_unknown_is_refused",
    CountsFinishedRunsAlone: "the_state_of_a_run_plays_no_part",
    ShowsTheNewestRunAlone: "a_run_of_some_models_leaves_the_others",
    WantsToKnowARecord: "nothing_is_known_of_an_unknown_record",
    LeavesEmptyColumnsOut: "frames_have_the_columns_of_long_form",
    SelectsBeforeItRanks: "a_selection_looks_at_what_is_current",
    NumbersNothing: "a_store_begins_empty",
    BeginsInterrupted: "a_run_begins_open_and_empty",
    LetsTheLastCloserDecide: "a_finished_run_stays_finished",
    ListsTheOldestFirst: "runs_come_newest_first",
    WantsWholeIds: "a_run_is_found_by_its_beginning",
    ResumesWhatIsFinished: "a_resume_with_nothing_to_resume_begins",
    TakesAnyDigest: "a_changed_active_version_is_refused",
    LooksAtDigestsAtFirst: "the_first_to_commit_has_the_version",
    GivesEverybodysInputs: "inputs_are_found_by_record",
    WeighsNothing: "what_is_stored_takes_room",
    OneVersionAName: "a_promoted_version_takes_over",
}
FOUND_TOO: dict[str, type[MemoryStore]] = {
    "many_models_share_a_part": ForgetsMicroseconds,
    "lanes_of_a_part_commit_apart": NumbersLate,
    "a_record_may_come_in_two_parts": LosesAPart,
    "a_summary_tells_what_it_was_given": ForgetsMicroseconds,
    "a_summary_tells_where_a_last_good_score_was_in_it": ForgetsMicroseconds,
    "a_part_may_have_no_record": DoublesAPart,
    "inputs_come_back": LosesAPart,
    "of_equal_clocks_the_later_commit_wins": NumbersLate,
    "a_demoted_version_keeps_its_score": DraftsDecide,
    "any_status_but_active_is_no_score": DraftsDecide,
    "a_name_has_one_score": DraftsDecide,
    "all_at_once_says_the_same_as_one_by_one": TheLastWrittenWins,
    "results_come_in_order": DraftsDecide,
    "history_begins_with_the_newest": NumbersLate,
    "results_come_in_the_order_of_input_and_catalog": LosesAPart,
    "one_part_can_be_asked_for": LosesAPart,
    "a_selection_gives_what_it_names": ShiftsByOneRow,
    "kept_columns_travel_along": TrialsCount,
    "a_run_tells_what_it_holds": LosesAPart,
    "a_resume_takes_up_where_it_stopped": DoublesAPart,
    "two_may_resume_at_once": DoublesAPart,
    "a_resume_finds_its_own_run": ResumesAnything,
    "what_was_overtaken_does_not_hinder": ResumesAnything,
    "a_run_that_stays_open_is_no_batch": ResumesAnything,
    "two_who_write_one_part_write_it_once": DoublesAPart,
    "a_reader_always_sees_one_score": LosesAPart,
    "trials_and_late_runs_between_change_nothing": TrialsCount,
    "parts_beyond_the_plan_are_taken": LosesAPart,
    "all_that_is_held_is_told": LosesAPart,
    "who_is_forgotten_while_others_write_is_gone": LosesAPart,
    "pruning_goes_by_runs_or_by_time": PrunesNothing,
    "a_copy_may_be_taken_up_again": DoublesAPart,
}
"""Checks that are about no fault of their own above, and a store that fails them, too."""


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_planted_fault_is_found(kind: type[MemoryStore]) -> None:
    """A store with one fault fails the check that is about it."""
    with pytest.raises((AssertionError, MlsmError)):
        STORE_CHECKS[FAULTS[kind]](kind())


@pytest.mark.parametrize("check", FOUND_TOO)
def test_planted_fault_is_found_by_other_checks(check: str) -> None:
    """A check that is about something else fails where a fault touches it."""
    with pytest.raises((AssertionError, MlsmError)):
        STORE_CHECKS[check](FOUND_TOO[check]())


def test_every_check_is_shown_red() -> None:
    """There is no check that no planted store fails."""
    shown = {*FAULTS.values(), *FOUND_TOO}
    for module in (test_planted_stores, test_planted_keeping):
        shown |= {*module.FAULTS.values()}
    assert set(STORE_CHECKS) == shown
