"""Checks of a store: runs begun, resumed, refused, closed and told of."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from mlsm.contracts import Reject, RunPlan, Store
from mlsm.errors import DigestChangedError, PlanChangedError, StoreError, UnknownNameError
from mlsm.testing._stores.samples import (
    begun,
    commit,
    day,
    entry,
    expect,
    expect_raised,
    input_entry,
    plan_of,
    result,
    results_of,
    scored_run,
)

__all__ = ["RUNS"]


def a_run_begins_open_and_empty(store: Store) -> None:
    """A new run has its plan's clock, nothing done, and is listed as open."""
    before = datetime.now(UTC)
    plan = plan_of(entry("fit@1", upstreams=("a@1",)), parent="another", provenance={"host": "here"}, keep=("owner",))
    opened = store.open_run(plan)
    expect((plan.as_of, False, frozenset()), (opened.as_of, opened.resumed, opened.done))
    run = store.run(opened.run_id)
    expect((plan, "open", None), (run.plan, run.state, run.finished_at))
    expect((0, 0, 0, {}, {}), (run.parts_done, run.records, run.rejects, run.counts, run.report))
    expect(True, before.replace(microsecond=0) <= run.started_at <= datetime.now(UTC))
    expect("7", opened.run_id[14])


def a_run_tells_what_it_holds(store: Store) -> None:
    """The counts are those of committed results; the report is what the run said."""
    plan = plan_of(entry("size@1"), entry("fit@1"), entry("fit@2", "draft"))
    run_id = begun(store, plan)
    reject = Reject(source="leads.csv", row=1, reason="There is no id.")
    commit(store, run_id, 0, results_of(plan, ["1", "2"]), rejects=[reject])
    commit(store, run_id, 1, results_of(plan, ["3"]), lanes=["active"])
    run = store.run(run_id)
    expect({"size@1": {"ok": 3}, "fit@1": {"ok": 3}, "fit@2": {"ok": 2}}, run.counts)
    expect(["size@1", "fit@1", "fit@2"], list(run.counts))
    expect((2, 3, 1), (run.parts_done, run.records, run.rejects))
    store.close_run(run_id, state="finished", report={"seconds": 1.5, "failed": ["fit@2"]})
    run = store.run(run_id)
    expect(("finished", {"seconds": 1.5, "failed": ["fit@2"]}), (run.state, run.report))
    expect(True, run.finished_at is not None and run.started_at <= run.finished_at)


def a_finished_run_stays_finished(store: Store) -> None:
    """A second resumer that is interrupted later does not undo the end; another state is none."""
    run_id = scored_run(store, plan_of(), [result("1", "fit@1")])
    store.close_run(run_id, state="interrupted", report={"late": True})
    expect(("finished", {}), (store.run(run_id).state, store.run(run_id).report))
    expect_raised(StoreError, lambda: store.close_run(run_id, state="paused", report={}), "paused")


def runs_come_newest_first(store: Store) -> None:
    """Runs are listed in the order in which they began, the newest first, whatever their clocks."""
    begun_ids = [begun(store, plan_of(as_of=day(clock))) for clock in (3, 1, 2)]
    expect(begun_ids[::-1], [run.run_id for run in store.runs()])


def a_run_is_found_by_its_beginning(store: Store) -> None:
    """The beginning of an id names a run where it fits one; else the error says what there is."""
    expect_raised(UnknownNameError, lambda: store.run("0"), "no runs yet")
    first, second = begun(store, plan_of()), begun(store, plan_of())
    shared = next(place for place in range(36) if first[place] != second[place])
    expect(first, store.run(first[: shared + 1]).run_id)
    expect(second, store.run(second).run_id)
    expect_raised(UnknownNameError, lambda: store.run(first[:shared] or first[:1]), first, second)
    expect_raised(UnknownNameError, lambda: store.run(first[:-1] + "x"), first[:-1] + "x", first)
    expect_raised(UnknownNameError, lambda: store.run(""), first)


def a_resume_takes_up_where_it_stopped(store: Store) -> None:
    """An unfinished run with the same plan is taken up with its clock and all that it holds."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"), as_of=day(1))
    run_id = begun(store, plan)
    commit(store, run_id, 0, results_of(plan, ["1"]))
    commit(store, run_id, 1, results_of(plan, ["2"]), lanes=["active"])
    store.close_run(run_id, state="interrupted", report={"seconds": 1.5})
    expect(("interrupted", {"seconds": 1.5}), (store.run(run_id).state, store.run(run_id).report))
    again = msgspec.structs.replace(plan, as_of=day(2), parent="another", provenance={"host": "there"})
    opened = store.open_run(again, resume=True)
    done = frozenset({(0, "active"), (0, "draft"), (1, "active")})
    expect((run_id, day(1), True, done), (opened.run_id, opened.as_of, opened.resumed, opened.done))
    run = store.run(run_id)
    expect(("open", plan, {}), (run.state, run.plan, run.report))  # what closed it was not its end
    commit(store, run_id, 1, results_of(plan, ["2"]))
    store.close_run(run_id, state="finished", report={})
    expect({"fit@1": {"ok": 2}, "fit@2": {"ok": 2}}, store.run(run_id).counts)
    expect(1, len(store.runs()))


def a_resume_with_nothing_to_resume_begins(store: Store) -> None:
    """Where every run has finished, a resume begins a new one; without `resume` one always begins."""
    expect(False, store.open_run(plan_of(), resume=True).resumed)
    expect(False, store.open_run(plan_of()).resumed)
    for run in store.runs():
        store.close_run(run.run_id, state="finished", report={})
    expect(False, store.open_run(plan_of(), resume=True).resumed)
    expect(3, len(store.runs()))


def two_may_resume_at_once(store: Store) -> None:
    """Both write; the lane that comes first stays, the other is told so."""
    run_id = begun(store, plan_of())
    expect([run_id, run_id], [store.open_run(plan_of(), resume=True).run_id for _ in range(2)])
    commit(store, run_id, 0, [result("1", "fit@1", 1.0)])
    commit(store, run_id, 0, [result("1", "fit@1", 2.0)])
    expect([1.0], [one.score for one in store.history("1")])


def a_changed_plan_is_refused(store: Store) -> None:
    """A resume that differs is refused by name, and nothing begins."""
    models = (entry("fit@1"), entry("size@1", "draft"))
    run_id = begun(store, plan_of(*models))
    for plan, told in _changed():
        expect_raised(PlanChangedError, lambda plan=plan: store.open_run(plan, resume=True), run_id, *told)
    expect([run_id], [run.run_id for run in store.runs()])


def _changed() -> list[tuple[RunPlan, tuple[str, ...]]]:
    fit, size = entry("fit@1"), entry("size@1", "draft")
    read_otherwise = msgspec.structs.replace(input_entry(), options={"separator": ";"})
    other_columns = msgspec.structs.replace(fit, columns={"size": "Size"})
    cut_otherwise = msgspec.structs.replace(input_entry(), parts=(23,))
    return [
        (plan_of(entry("fit@1", digest="two"), size), ("'fit@1'", "'one'", "'two'")),
        (plan_of(fit, entry("size@1")), ("'size@1'", "'draft'", "'active'")),
        (plan_of(fit), ("'size@1' is gone",)),
        (plan_of(fit, size, entry("age@1")), ("'age@1' is new",)),
        (plan_of(size, fit), ("order",)),
        (plan_of(fit, size, inputs=(input_entry(fingerprint="sha256:ff"),)), ("'leads.csv'", "sha256:ff")),
        (plan_of(fit, size, inputs=(input_entry(), input_entry("more.csv"))), ("'more.csv'",)),
        (plan_of(fit, size, inputs=(read_otherwise,)), ("read with", "';'")),
        (plan_of(fit, size, inputs=(cut_otherwise,)), ("23", "10, 10, 3")),
        (plan_of(fit, size, id_column=None), ("id column", "None")),
        (plan_of(fit, size, purpose="trial"), ("purpose", "'trial'")),
        (plan_of(fit, size, keep=("owner",)), ("kept", "'owner'")),
        (plan_of(fit, size, as_of=day(9), as_of_named=True), ("clock", day(9).isoformat())),
        (plan_of(other_columns, size), ("columns", "'fit@1'", "'Size'")),
        (plan_of(entry("fit@1", digest="two"), size, id_column="key"), ("'two'", "'key'")),
    ]


def a_resume_finds_its_own_run(store: Store) -> None:
    """Of several unfinished runs the one with the same plan is taken up."""
    mine = begun(store, plan_of(id_column="mine"))
    begun(store, plan_of(id_column="other"))
    expect(mine, store.open_run(plan_of(id_column="mine"), resume=True).run_id)
    expect_raised(PlanChangedError, lambda: store.open_run(plan_of(id_column="third"), resume=True), "'other'")


def what_was_overtaken_does_not_hinder(store: Store) -> None:
    """An unfinished run with another plan is no hindrance once a later run has finished."""
    old = begun(store, plan_of(id_column="old"))
    store.close_run(begun(store, plan_of(id_column="new")), state="finished", report={})
    expect(False, store.open_run(plan_of(id_column="newest"), resume=True).resumed)
    expect(old, store.open_run(plan_of(id_column="old"), resume=True).run_id)


def a_run_that_stays_open_is_no_batch(store: Store) -> None:
    """A run without inputs, open for single records, is neither resumed nor in the way of one with inputs."""
    online = begun(store, plan_of(inputs=()))
    expect(False, store.open_run(plan_of(), resume=True).resumed)
    expect(online, store.open_run(plan_of(inputs=()), resume=True).run_id)


def a_changed_active_version_is_refused(store: Store) -> None:
    """A version stored as active has one digest for ever; nothing is stored under another."""
    scored_run(store, plan_of(entry("fit@1"), entry("size@1", "draft")), [
        result("1", "fit@1"), result("1", "size@1", status="draft"),
    ])  # fmt: skip
    runs = store.runs()
    for status in ("active", "draft"):
        changed = plan_of(entry("fit@1", status, digest="two"))
        expect_raised(DigestChangedError, lambda changed=changed: store.open_run(changed), "'fit@1'", "'one'", "'two'")
        expect_raised(DigestChangedError, lambda changed=changed: store.open_run(changed, resume=True), "'fit@1'")
    expect(runs, store.runs())
    draft = plan_of(entry("size@1", digest="two"))
    expect(False, store.open_run(draft).resumed)
    expect(False, store.open_run(plan_of()).resumed)


def the_first_to_commit_has_the_version(store: Store) -> None:
    """Of two runs opened at once with different digests, the second to commit is refused."""
    runs = [begun(store, plan_of(entry("fit@1", digest=digest))) for digest in ("one", "two")]
    commit(store, runs[1], 0, [result("1", "fit@1", 2.0)])
    expect_raised(DigestChangedError, lambda: commit(store, runs[0], 0, [result("1", "fit@1", 1.0)]), "'fit@1'")
    expect([2.0], [one.score for one in store.history("1")])


RUNS = (
    a_run_begins_open_and_empty,
    a_run_tells_what_it_holds,
    a_finished_run_stays_finished,
    runs_come_newest_first,
    a_run_is_found_by_its_beginning,
    a_resume_takes_up_where_it_stopped,
    a_resume_with_nothing_to_resume_begins,
    two_may_resume_at_once,
    a_changed_plan_is_refused,
    a_resume_finds_its_own_run,
    what_was_overtaken_does_not_hinder,
    a_run_that_stays_open_is_no_batch,
    a_changed_active_version_is_refused,
    the_first_to_commit_has_the_version,
)
