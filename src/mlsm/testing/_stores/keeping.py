"""Checks of a store: the best, the last good, and all that is held of a person."""

from __future__ import annotations

import polars as pl

from mlsm._result import Outcome, Substitute
from mlsm.contracts import Reject, Selection, Store, last_good_schema
from mlsm.testing._stores.samples import (
    begun,
    commit,
    day,
    entry,
    expect,
    expect_same,
    plan_of,
    result,
    scored_run,
)

__all__ = ["KEEPING"]


def the_best_come_first(store: Store) -> None:
    """The best of a name are its scores, of a key what is current; equal ones come by id."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"), entry("size@1"))
    written = [
        one
        for record, score in (("b", 5.0), ("B", 5.0), ("é", 5.0), ("10", -2.5), ("9", 7.0), ("none", None))
        for one in (
            result(record, "fit@1", score),
            result(record, "fit@2", None if score is None else -score, status="draft"),
            result(record, "size@1", 100.0),
        )
    ]
    scored_run(store, plan, written)
    stands_in = Substitute(score=99.0, stale_since=day(0), from_version="1")
    failed = result("9", "fit@1", None, outcome=Outcome.ERROR, substitute=stands_in)
    scored_run(store, plan_of(as_of=day(2)), [failed])
    scored_run(store, plan_of(as_of=day(3), purpose="trial"), [result("10", "fit@1", 50.0)])
    best = store.top("fit", 10)
    expect([("B", 5.0), ("b", 5.0), ("é", 5.0), ("10", -2.5)], [(one.record_id, one.score) for one in best])
    expect_same(best, [one for record in ("b", "B", "é", "10") for one in store.score(record) if one.model == "fit"])
    expect(["B", "b"], [one.record_id for one in store.top("fit", 2)])
    expect(["10", "B"], [one.record_id for one in store.top("fit@2", 2)])
    expect([], [*store.top("nobody", 3), *store.top("fit@9", 3), *store.top("fit", 0)])


def the_last_good_score_is_found(store: Store) -> None:
    """What may stand in for a failure is the newest good score of the name, given as active."""
    scored_run(store, plan_of(as_of=day(1)), [result(r, "fit@1", 1.0, label="A") for r in "123"])
    both = plan_of(entry("fit@2"), entry("fit@3", "draft"), as_of=day(5))
    scored_run(store, both, [
        result("1", "fit@2", 2.0), result("1", "fit@3", 3.0, status="draft"),
        result("2", "fit@2", None, outcome=Outcome.TIMEOUT), result("2", "fit@3", 3.0, status="draft"),
    ])  # fmt: skip
    scored_run(store, plan_of(as_of=day(4)), [result("1", "fit@1", 4.0)])
    scored_run(store, plan_of(as_of=day(9), purpose="trial"), [result("1", "fit@1", 9.0)])
    scored_run(store, plan_of(as_of=day(6)), [
        result("1", "fit@1", None, outcome=Outcome.ERROR), result("3", "fit@1", None), result("4", "fit@1", None),
    ])  # fmt: skip
    scored_run(store, plan_of(entry("size@1"), as_of=day(7)), [result("5", "size@1", None, outcome=Outcome.INVALID)])
    found = store.last_good(["fit", "size", "nobody"], ["1", "2", "3", "5", "unknown"])
    expect(last_good_schema(), dict(found.schema))
    rows = found.sort("record_id").drop("run_id").rows()
    expected = [
        ("1", "fit", "2", 2.0, None, day(5)),
        ("2", "fit", "1", 1.0, "A", day(1)),
        ("3", "fit", "1", None, None, day(6)),
    ]
    expect(expected, rows)
    runs = {one.run_id for record in "123" for one in store.history(record)}
    expect(True, set(found.get_column("run_id")) <= runs)
    expect(0, store.last_good([], ["1"]).height + store.last_good(["fit"], []).height)


def inputs_are_found_by_record(store: Store) -> None:
    """The kept inputs of one record are its rows alone, and of no other run."""
    plan = plan_of()
    run_id = begun(store, plan)
    commit(store, run_id, 0, [result("1", "fit@1"), result("2", "fit@1")], inputs=_inputs("1", "2"))
    commit(store, run_id, 1, [result("3", "fit@1")], inputs=_inputs("3"))
    other = begun(store, plan)
    commit(store, other, 0, [result("2", "fit@1")])
    expect([[("2", 2, day(2))]], [found.rows() for found in store.inputs(run_id, record_id="2")])
    expect([], [*store.inputs(run_id, record_id="4"), *store.inputs(other, record_id="2")])


def all_that_is_held_is_told(store: Store) -> None:
    """Of a person all is handed out: results, kept columns, inputs and rejects, and nothing of others."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"))
    run_id = begun(store, plan)
    for part, ids in enumerate((["1", "2"], ["3", "1"])):
        written = [
            result(r, key, float(part), status=s) for r in ids for key, s in (("fit@1", "active"), ("fit@2", "draft"))
        ]
        rejects = [
            Reject(source="leads.csv", row=part, line=9, record_id=r, reason="Its id came before.") for r in "12"
        ]
        commit(store, run_id, part, written, kept={"owner": [f"Ada {r}" for r in ids]}, rejects=rejects,
               inputs=_inputs(*ids))  # fmt: skip
    trial = begun(store, plan_of(purpose="trial"))
    commit(store, trial, 0, [result("1", "fit@1", 9.0)])
    held = store.held("1")
    expect("1", held.record_id)
    expect(store.history("1"), list(held.results))
    expect([(run_id, 0, {"owner": "Ada 1"}), (run_id, 1, {"owner": "Ada 1"})],
           [(row.run_id, row.part, row.values) for row in held.kept])  # fmt: skip
    expect([(run_id, 0, 1), (run_id, 1, 1)], [(row.run_id, row.part, row.values["size"]) for row in held.inputs])
    expect([[("row", 0), ("record_id", "1")], [("row", 1), ("record_id", "1")]],
           [[(name, row.values[name]) for name in ("row", "record_id")] for row in held.rejects])  # fmt: skip
    nothing = store.held("4")
    expect(((), (), (), ()), (nothing.results, nothing.kept, nothing.inputs, nothing.rejects))


def what_is_stored_takes_room(store: Store) -> None:
    """A store knows its size, and finds no fault in what it was given."""
    expect([], store.check())
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"))
    ids = [str(number) for number in range(300)]
    for clock in (2, 1, 3):
        scored_run(store, plan_of(*plan.models, as_of=day(clock)), [
            result(r, key, float(clock), status=s)
            for r in ids for key, s in (("fit@1", "active"), ("fit@2", "draft"))
        ])  # fmt: skip
    expect([], store.check())
    expect(True, store.size() > 0)
    expect(600, sum(frame.height for frame in store.currents(Selection())))


def _inputs(*record_ids: str) -> pl.DataFrame:
    sizes = [int(record_id) for record_id in record_ids]
    return pl.DataFrame({"record_id": record_ids, "size": sizes, "when": [day(size) for size in sizes]})


KEEPING = (
    the_best_come_first,
    the_last_good_score_is_found,
    inputs_are_found_by_record,
    all_that_is_held_is_told,
    what_is_stored_takes_room,
)
