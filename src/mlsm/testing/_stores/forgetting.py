"""Checks of a store: who is forgotten is gone, and does not come back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import polars as pl

from mlsm.contracts import Reject, Selection, Store
from mlsm.testing._stores.samples import (
    begun,
    commit,
    day,
    entry,
    expect,
    plan_of,
    read,
    result,
    results_of,
    scored_run,
    values,
)

__all__ = ["FORGETTING"]

_ALL = Selection()
_MODELS = (entry("fit@1"), entry("fit@2", "draft"))


def who_is_forgotten_is_gone(store: Store) -> None:
    """Nothing is left of a forgotten person; what is held of others stays, and all adds up."""
    plan = plan_of(*_MODELS)
    run_id = begun(store, plan)
    _commit(store, run_id, 0, ["1", "2", "3"])
    _commit(store, run_id, 1, ["2"])
    trial = begun(store, plan_of(*_MODELS, purpose="trial", as_of=day(3)))
    _commit(store, trial, 0, ["3", "2"])
    others = [store.history("1"), store.history("3"), store.held("1")]
    seq = store.seq()
    gone = store.forget("2")
    expect((6, 3, 3, 3), (gone.results, gone.kept, gone.inputs, gone.rejects))
    expect([[], [], []], [store.score("2"), store.current("2"), store.history("2")])
    held = store.held("2")
    expect(((), (), (), (), {}), (held.results, held.kept, held.inputs, held.rejects, store.kept("2")))
    expect({"1", "3"}, {record for record, _ in values(read(store.scores(_ALL)))})
    expect({"1", "3"}, {one.record_id for one in store.top("fit", 9)})
    expect([], [one for _, frame in store.changes(0) for one in read([frame]) if one.record_id == "2"])
    expect([], [one for run in (run_id, trial) for one in read(store.results(run, _ALL)) if one.record_id == "2"])
    expect([], [one for one in store.rejects(run_id) if one.record_id == "2"])
    expect(0, sum(frame.filter(pl.col("record_id") == "2").height for frame in store.inputs(run_id)))
    expect(others, [store.history("1"), store.history("3"), store.held("1")])
    told = store.run(run_id)
    expect((2, 2, 2), (told.records, told.rejects, told.forgotten))
    expect({"fit@1": {"ok": 2}, "fit@2": {"ok": 2}}, told.counts)
    expect((2, seq, []), (told.parts_done, store.seq(), store.check()))


def who_is_forgotten_does_not_come_back(store: Store) -> None:
    """A late part leaves a forgotten person out, counts it, and is whole otherwise."""
    plan = plan_of(*_MODELS)
    run_id = begun(store, plan)
    commit(store, run_id, 0, results_of(plan, ["1", "2"]), lanes=["active"])
    store.forget("2")
    commit(store, run_id, 0, results_of(plan, ["1", "2"]), lanes=["draft"])
    _commit(store, run_id, 1, ["2", "3"])
    _commit(store, run_id, 2, ["2"])
    expect([{"1", "3"}, set()], [{one.record_id for one in read(store.results(run_id, _ALL))}, set()])
    held = store.held("2")
    expect(((), (), (), ()), (held.results, held.kept, held.inputs, held.rejects))
    expect([3.0], [one.score for one in store.score("3")])
    told = store.run(run_id)
    expect((3, 2, 3, []), (told.parts_done, told.records, told.forgotten, store.check()))
    expect(frozenset(), frozenset({(2, "active"), (2, "draft")}) - store.open_run(plan, resume=True).done)


def a_tombstone_names_nobody(store: Store) -> None:
    """What is left is a hash under a key of the store's own; it can be lifted."""
    expect((b"", frozenset()), (store.tombstones().key, store.tombstones().marks))
    expect(False, store.lift("7"))
    expect(0, store.forget("7").results)
    expect(0, store.forget("7").results)
    store.forget("8")
    stones = store.tombstones()
    expect((True, 2), (len(stones.key) >= 16, len(stones.marks)))
    expect([True, True, False], stones.among(["7", "8", "9"]))
    scored_run(store, plan_of(), [result("7", "fit@1")])
    expect([], store.history("7"))
    expect([True, False], [store.lift("7"), store.lift("7")])
    scored_run(store, plan_of(), [result("7", "fit@1"), result("8", "fit@1")])
    expect([1, 0], [len(store.history("7")), len(store.history("8"))])
    expect((stones.key, []), (store.tombstones().key, store.check()))


def who_is_forgotten_while_others_write_is_gone(store: Store) -> None:
    """Whichever comes first, the part or the wish to be forgotten: the person is gone."""
    ids = [f"r{number}" for number in range(40)]
    plan = plan_of(inputs=())
    run_id = begun(store, plan)

    def write(part: int) -> None:
        commit(store, run_id, part, results_of(plan, ids))

    with ThreadPoolExecutor(max_workers=3) as pool:
        writes = [pool.submit(write, part) for part in range(8)]
        forgets = [pool.submit(store.forget, record_id) for record_id in ids[:8]]
        for written, forgotten in zip(writes, forgets, strict=True):
            written.result()
            forgotten.result()
    expect([[] for _ in range(8)], [store.history(record_id) for record_id in ids[:8]])
    expect([8] * 32, [len(store.history(record_id)) for record_id in ids[8:]])
    expect((8 * 32, 8 * 8, []), (store.run(run_id).records, store.run(run_id).forgotten, store.check()))


def _commit(store: Store, run_id: str, part: int, record_ids: list[str]) -> None:
    """Write a part with all that a part may bring."""
    plan = plan_of(*_MODELS)
    written = [
        result(record_id, model.key, float(record_id), status=model.status)
        for record_id in record_ids
        for model in plan.models
    ]
    inputs = pl.DataFrame({"record_id": record_ids, "size": [len(record_ids)] * len(record_ids)})
    rejects = [Reject(source="leads.csv", row=part + 1, record_id=record_id, reason="Twice.") for record_id in "12"]
    commit(store, run_id, part, written, kept={"owner": record_ids}, inputs=inputs, rejects=rejects)


FORGETTING = (
    who_is_forgotten_is_gone,
    who_is_forgotten_does_not_come_back,
    a_tombstone_names_nobody,
    who_is_forgotten_while_others_write_is_gone,
)
