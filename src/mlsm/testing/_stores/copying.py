"""Checks of a store: it is copied whole, out and in."""

from __future__ import annotations

import polars as pl

from mlsm._result import Given, Outcome
from mlsm.contracts import Reject, Selection, Store
from mlsm.errors import StoreError
from mlsm.service.copying import copy_store
from mlsm.stores.memory import MemoryStore
from mlsm.testing._stores.samples import (
    begun,
    commit,
    day,
    entry,
    expect,
    expect_raised,
    plan_of,
    result,
    scored_run,
)

__all__ = ["COPYING"]

_ALL = Selection()


def a_copy_says_the_same(store: Store) -> None:
    """Copied out and in, a store answers as before: history, rejects, inputs, tombstones and all."""
    first = MemoryStore()
    _fill(first)
    copied = copy_store(first, store)
    expect((4, 6), (copied.runs, copied.lanes))
    _expect_alike(first, store)
    last = MemoryStore()
    copy_store(store, last)
    _expect_alike(first, last)
    expect(True, last.tombstones() == first.tombstones() == store.tombstones())


def a_copy_may_be_taken_up_again(store: Store) -> None:
    """A copy that was broken off goes on; a store with runs of its own takes in no other."""
    source = MemoryStore()
    _fill(source)
    store.bury(source.tombstones())
    for run in reversed(source.runs()):
        store.adopt(run)
    lane = next(source.lanes())
    store.write(lane.run_id, lane.part, lane.lane, lane.batch, lane.rejects)
    copy_store(source, store)
    copy_store(source, store)
    _expect_alike(source, store)
    begun(store, plan_of())
    expect_raised(StoreError, lambda: copy_store(source, store), "empty store")


def an_adopted_run_is_as_it_was(store: Store) -> None:
    """A run keeps its id, plan, times, state and report; one that was open is nobody's."""
    source = MemoryStore()
    _fill(source)
    for run in reversed(source.runs()):
        store.adopt(run)
    told = [
        [(run.run_id, run.plan, run.state, run.started_at, run.finished_at, run.report) for run in each.runs()]
        for each in (source, store)
    ]
    expect([("open", "interrupted")], [(a[2], b[2]) for a, b in zip(*told, strict=True) if a != b])
    expect([({}, 0)] * 4, [(run.counts, run.records) for run in store.runs()])


def _fill(store: Store) -> None:
    """Store one of everything."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"), entry("best@1"))
    run_id = begun(store, plan)
    given = (Given(model="fit@1", run_id=run_id),)
    stale = (Given(model="fit@1", run_id=run_id, stale_since=day(0)),)
    for part, ids in enumerate((["b", "a", "7"], ["c"])):
        written = [
            one
            for place, record in enumerate(ids)
            for one in (
                result(record, "fit@1", None if place == 1 else -0.0, label="é", output={"size": [place]}),
                result(record, "fit@2", 1 / 3, status="draft"),
                result(record, "best@1", 2.0, given=stale if place == 1 else given),
            )
        ]
        commit(store, run_id, part, written, kept={"owner": [f"Ada {r}" for r in ids], "age": range(len(ids))},
               rejects=[Reject(source="leads.csv", row=5, reason="There is no id.")],
               inputs=pl.DataFrame({"record_id": ids, "when": [day(part)] * len(ids)}))  # fmt: skip
    store.close_run(run_id, state="finished", report={"seconds": 1.5})
    scored_run(store, plan_of(purpose="trial", as_of=day(9)), [result("a", "fit@1", 9.0)], state="interrupted")
    scored_run(store, plan_of(as_of=day(0)), [result("d", "fit@1", None, outcome=Outcome.INVALID)])
    begun(store, plan_of())
    store.forget("7")
    store.forget("never met")


def _expect_alike(source: Store, copy: Store) -> None:
    ids = ["a", "b", "c", "d", "7"]
    told = []
    for store in (source, copy):
        runs = [run.run_id for run in store.runs()]
        results = [(run_id, frame.rows()) for run_id in runs for frame in store.results(run_id, _ALL)]
        held = [store.held(record) for record in ids]
        scores = [(store.score(record), store.current(record), store.kept(record)) for record in ids]
        rejects = [list(store.rejects(run_id)) for run_id in runs]
        counts = [(run.counts, run.records, run.rejects, run.parts_done) for run in store.runs()]
        told.append((results, held, scores, rejects, counts, store.check()))
    for one, other in zip(*told, strict=True):
        expect(one, other)


COPYING = (
    a_copy_says_the_same,
    a_copy_may_be_taken_up_again,
    an_adopted_run_is_as_it_was,
)
