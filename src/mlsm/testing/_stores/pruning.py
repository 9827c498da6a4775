"""Checks of a store: what is old goes, and no answer of now changes."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import polars as pl

from mlsm._result import Outcome
from mlsm.contracts import Reject, Selection, Store
from mlsm.errors import StoreError
from mlsm.testing._stores.samples import (
    begun,
    commit,
    day,
    entry,
    expect,
    expect_raised,
    plan_of,
    read,
    result,
    results_of,
    scored_run,
)

__all__ = ["PRUNING"]

_ALL = Selection()
_IDS = [str(number) for number in range(30)]
_SCORED_LATER = timedelta(hours=2)
"""How long after its clock a part of the samples is scored."""


def pruning_changes_no_answer_of_now(store: Store) -> None:
    """Whatever the order of clocks, outcomes and versions: all that is current or last good stays."""
    _many_runs(store)
    before, seq = _answers(store), store.seq()
    stored = sum(frame.height for run in store.runs() for frame in store.results(run.run_id, _ALL))
    entries = store.runs()
    pruned = store.prune(keep_runs=2)
    expect(before, _answers(store))
    left = sum(frame.height for run in store.runs() for frame in store.results(run.run_id, _ALL))
    expect((True, stored - left), (left < stored, pruned.results))
    expect(pruned.results + pruned.rejects, sum(run.pruned for run in store.runs()))
    expect([run.counts for run in entries], [run.counts for run in store.runs()])
    expect((0, seq, []), (store.prune(keep_runs=2).results, store.seq(), store.check()))
    _many_runs(store)
    expect(True, store.seq() > seq)
    store.forget(_IDS[3])
    store.prune(keep_runs=1)
    expect([], store.check())


def what_is_replaced_and_old_is_gone(store: Store) -> None:
    """Of an old part nothing is left that a newer one replaced: results, rejects, inputs, kept columns."""
    first, second = (_run(store, clock) for clock in (1, 2))
    only_here = result("x", "fit@1", 7.0)
    trial = scored_run(store, plan_of(purpose="trial", as_of=day(3)), [result("1", "fit@1", 9.0)])
    third = scored_run(store, plan_of(as_of=day(4)), [result("1", "fit@1", None, outcome=Outcome.ERROR), only_here])
    pruned = store.prune(keep_runs=1)
    expect((3, 3, 2), (pruned.runs, pruned.results, pruned.rejects))
    expect([[], [2.0, 2.0], []], [_scores(store, run_id) for run_id in (first, second, trial)])
    expect([(None, "error"), (2.0, "ok")], [(one.score, one.outcome.value) for one in store.history("1")])
    expect({("x", 7.0), ("1", None)}, {(one.record_id, one.score) for one in read(store.results(third, _ALL))})
    expect([], [*store.rejects(first), *store.rejects(second), *store.inputs(first)])
    expect(["1", "2"], [record for frame in store.inputs(second) for record in frame["record_id"]])
    expect({"owner": "Ada"}, store.kept("2"))
    told = store.run(first)
    expect((2, 1, 3, {"fit@1": {"ok": 2}}), (told.records, told.rejects, told.pruned, told.counts))
    expect([], store.check())


def pruning_goes_by_runs_or_by_time(store: Store) -> None:
    """Young is what was scored since, or belongs to the newest runs; both together spare both."""
    runs = [_run(store, clock) for clock in (1, 2, 3)]
    expect(0, store.prune(before=day(1)).results)
    expect(0, store.prune(keep_runs=3).results)
    expect(0, store.prune(keep_runs=1, before=day(1) + _SCORED_LATER).results)
    expect(2, store.prune(before=day(1) + _SCORED_LATER + timedelta(microseconds=1)).results)
    expect([0, 2, 2], [len(_scores(store, run_id)) for run_id in runs])
    expect(0, store.prune(keep_runs=2, before=day(9)).results)
    expect(2, store.prune(keep_runs=1, before=day(9)).results)
    expect([0, 0, 2], [len(_scores(store, run_id)) for run_id in runs])
    expect(0, store.prune(before=day(99)).results)
    for wrong in ({}, {"keep_runs": 0}):
        expect_raised(StoreError, lambda wrong=wrong: store.prune(**wrong), "prune")


def an_unfinished_run_is_spared(store: Store) -> None:
    """What may be resumed stays whole; a run that stays open for single records does not hold back."""
    interrupted = _run(store, 1, state="interrupted")
    stays_open = begun(store, plan_of(inputs=()))
    commit(store, stays_open, 0, [result("1", "fit@1", 1.5)])
    commit(store, stays_open, 7, [result("1", "fit@1", 1.6)])
    _run(store, 2)
    expect(2, store.prune(keep_runs=1).results)
    expect([2, 0], [len(_scores(store, run_id)) for run_id in (interrupted, stays_open)])
    done = store.open_run(plan_of(inputs=()), resume=True).done
    expect((frozenset({(0, "active"), (7, "active")}), []), (done, store.check()))


def _run(store: Store, clock: int, state: str = "finished") -> str:
    plan = plan_of(as_of=day(clock))
    run_id = begun(store, plan)
    inputs = pl.DataFrame({"record_id": ["1", "2"], "size": [clock, clock]})
    rejects = [Reject(source="leads.csv", row=3, reason="There is no id.")]
    commit(store, run_id, 0, results_of(plan, ["1", "2"], float(clock)), as_of=day(clock), inputs=inputs,
           kept={"owner": ["Bob", "Ada"]}, rejects=rejects)  # fmt: skip
    store.close_run(run_id, state=state, report={})
    return run_id


def _scores(store: Store, run_id: str) -> list[float | None]:
    return [one.score for one in read(store.results(run_id, _ALL))]


def _many_runs(store: Store) -> None:
    """Store runs with versions that come, go, fail and change their status, under clocks in no order."""
    draw = random.Random(11)  # noqa: S311 - test data
    statuses = [("fit@1", "active"), ("fit@2", "draft"), ("size@1", "active"), ("fit@2", "active"), ("fit@1", "draft")]
    for clock in (4, 1, 9, 3, 3, 7, 2):
        keys = dict(draw.sample(statuses, 3))
        plan = plan_of(*(entry(key, status) for key, status in keys.items()), as_of=day(clock),
                       purpose="trial" if clock == 7 else "live")  # fmt: skip
        run_id = begun(store, plan)
        for part in range(2):
            written = [_drawn(draw, record, key, status) for record in sorted(_IDS)[part::2] for key, status in
                       keys.items() if int(record) % clock < 3]  # fmt: skip
            if written:
                commit(store, run_id, part, written, as_of=day(clock))
        store.close_run(run_id, state="finished", report={})


def _drawn(draw: random.Random, record: str, key: str, status: str) -> Any:
    if draw.random() < 0.4:
        return result(record, key, None, status=status, outcome=draw.choice([Outcome.ERROR, Outcome.INVALID]))
    return result(record, key, draw.random(), status=status)


def _answers(store: Store) -> Any:
    """Gather all that the store says of now."""
    return (
        [store.score(record) for record in _IDS],
        [store.current(record) for record in _IDS],
        pl.concat(store.scores(_ALL)).sort("record_id", "model").rows(),
        pl.concat(store.currents(_ALL)).sort("record_id", "model", "version").rows(),
        [store.top(model, 7) for model in ("fit", "size", "fit@1", "fit@2")],
        store.last_good(["fit", "size"], _IDS).sort("record_id", "model").rows(),
    )


PRUNING = (
    pruning_changes_no_answer_of_now,
    what_is_replaced_and_old_is_gone,
    pruning_goes_by_runs_or_by_time,
    an_unfinished_run_is_spared,
)
