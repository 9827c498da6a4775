"""Checks of a store: two who write at once, and one who reads meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from mlsm.contracts import Selection, Store
from mlsm.testing._stores.samples import begun, commit, day, entry, expect, plan_of, read, result, results_of, values

__all__ = ["WRITERS"]

_ALL = Selection()
_PARTS = 12


def changes_come_in_order_with_two_writers(store: Store) -> None:
    """A reader who asks again and again after the last seq misses no lane, whoever wrote it."""
    plan = plan_of(inputs=())
    runs = [begun(store, plan), begun(store, plan)]

    def write(run_id: str) -> None:
        for part in range(_PARTS):
            commit(store, run_id, part, results_of(plan, [f"{part}a", f"{part}b"], float(part)))

    seen: list[int] = []
    records: list[tuple[str, str]] = []

    def look() -> None:
        for seq, frame in store.changes(seen[-1] if seen else 0):
            expect(True, not seen or seq > seen[-1])
            seen.append(seq)
            records.extend((str(one.run_id), one.record_id) for one in read([frame]))

    with ThreadPoolExecutor(max_workers=2) as pool:
        writing = [pool.submit(write, run_id) for run_id in runs]
        while not all(future.done() for future in writing):
            look()
        for future in writing:
            future.result()
    look()
    expect((2 * _PARTS, 4 * _PARTS), (len(seen), len(set(records))))
    expect((seen[-1], []), (store.seq(), store.check()))


def two_who_write_one_part_write_it_once(store: Store) -> None:
    """Of two that bring the same lane one is told True, and its results alone are stored."""
    plan = plan_of(inputs=())
    run_id = begun(store, plan)
    scores = [(part, writer) for part in range(_PARTS) for writer in (1.0, 2.0)]

    def write(part: int, score: float) -> None:
        commit(store, run_id, part, results_of(plan, [f"r{part}", f"s{part}"], score))

    with ThreadPoolExecutor(max_workers=2) as pool:
        for future in [pool.submit(write, part, score) for part, score in scores]:
            future.result()
    for part in range(_PARTS):
        found = [store.score(f"r{part}"), store.score(f"s{part}"), store.history(f"r{part}")]
        expect([1, 1, 1], [len(each) for each in found])
        expect(found[0][0].score, found[1][0].score)
    told = store.run(run_id)
    expect((_PARTS, 2 * _PARTS, {"fit@1": {"ok": 2 * _PARTS}}, []),
           (told.parts_done, told.records, told.counts, store.check()))  # fmt: skip


def a_reader_always_sees_one_score(store: Store) -> None:
    """While a new run is written, each lead has its old score or its new one, never none and never two."""
    ids = [str(number) for number in range(40)]
    before, after = plan_of(as_of=day(1)), plan_of(entry("fit@2"), as_of=day(2))
    commit(store, begun(store, before), 0, results_of(before, ids, 1.0))
    run_id = begun(store, after)

    def write() -> None:
        for part in range(_PARTS):
            commit(store, run_id, part, results_of(after, ids[part * 3 : part * 3 + 3], 2.0), as_of=day(2))

    with ThreadPoolExecutor(max_workers=1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            found = [(one.record_id, one.model) for one in read(store.scores(_ALL))]
            expect([(record, "fit") for record in sorted(ids)], sorted(found))
            expect(1, len(store.score(ids[0])))
        writing.result()
    expect(2.0 * 36 + 4, sum(one.score or 0.0 for one in read(store.scores(_ALL))))


def trials_and_late_runs_between_change_nothing(store: Store) -> None:
    """Runs that end out of order, with trials between them and clocks going back: the rule decides alone."""
    late, early = begun(store, plan_of(as_of=day(2))), begun(store, plan_of(as_of=day(5)))
    commit(store, early, 0, [result("1", "fit@1", 5.0)], as_of=day(5))
    trial = begun(store, plan_of(purpose="trial", as_of=day(8)))
    commit(store, trial, 0, [result("1", "fit@1", 8.0), result("2", "fit@1", 8.0)], as_of=day(8))
    store.close_run(early, state="finished", report={})
    commit(store, late, 0, [result("1", "fit@1", 2.0), result("2", "fit@1", 2.0)], as_of=day(2))
    store.close_run(trial, state="finished", report={})
    store.close_run(late, state="finished", report={})
    expect({("1", "fit@1"): 5.0, ("2", "fit@1"): 2.0}, values(read(store.scores(_ALL))))
    expect({("1", "fit@1"): 5.0, ("2", "fit@1"): 2.0}, values(read(store.currents(_ALL))))
    expect([[5.0], [2.0]], [[one.score for one in store.score(record)] for record in "12"])


def parts_beyond_the_plan_are_taken(store: Store) -> None:
    """A run takes parts of any number, of one record too, drafts later than what is active, over days."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"), inputs=())
    run_id = begun(store, plan)
    for part, clock in ((0, 1), (1, 2), (5, 3)):
        commit(store, run_id, part, [result("1", "fit@1", float(part))], as_of=day(clock))
    commit(store, run_id, 1_000_000, [result("1", "fit@2", 9.0, status="draft")], as_of=day(2))
    commit(store, run_id, 6, [result("2", "fit@2", 8.0, status="draft")], as_of=day(1))
    commit(store, run_id, 7, [result("2", "fit@1", 7.0)], as_of=day(1))
    expect({("1", "fit@1"): 5.0, ("1", "fit@2"): 9.0}, values(store.current("1")))
    expect({("2", "fit@1"): 7.0, ("2", "fit@2"): 8.0}, values(store.current("2")))
    expect([5.0, 9.0, 1.0, 0.0], [one.score for one in store.history("1")])
    again = store.open_run(plan, resume=True)
    parts = {(0, "active"), (1, "active"), (5, "active"), (1_000_000, "draft"), (6, "draft"), (7, "active")}
    expect((run_id, parts), (again.run_id, set(again.done)))
    told = store.run(run_id)
    expect((6, 6, []), (told.parts_done, told.records, store.check()))


WRITERS = (
    changes_come_in_order_with_two_writers,
    two_who_write_one_part_write_it_once,
    a_reader_always_sees_one_score,
    trials_and_late_runs_between_change_nothing,
    parts_beyond_the_plan_are_taken,
)
