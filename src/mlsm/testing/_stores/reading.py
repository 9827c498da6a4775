"""Checks of a store: histories, listings, what changed, and what travels along."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl

from mlsm._batch import long_schema
from mlsm._result import Outcome
from mlsm.contracts import Selection, Store
from mlsm.testing._stores.samples import (
    begun,
    commit,
    day,
    entry,
    expect,
    expect_same,
    plan_of,
    read,
    result,
    results_of,
    scored_run,
    values,
)

__all__ = ["READING"]

_ALL = Selection()


def history_begins_with_the_newest(store: Store) -> None:
    """A history goes by clock and then by commit, its trials too."""
    for clock, purpose in ((2, "live"), (4, "trial"), (1, "live"), (4, "live")):
        plan = plan_of(entry("fit@1"), entry("size@1", "draft"), as_of=day(clock), purpose=purpose)
        scored_run(store, plan, results_of(plan, ["1", "2"], float(clock)))
    found = store.history("1")
    expect([day(4), day(4), day(2), day(1)], [one.as_of for one in found if one.model == "fit"])
    purposes = {run.run_id: run.plan.purpose for run in store.runs()}
    expect(["live", "trial", "live", "live"], [purposes[str(one.run_id)] for one in found if one.model == "fit"])
    expect(8, len(found))


def results_come_in_the_order_of_input_and_catalog(store: Store) -> None:
    """A run's results come a frame a part, as its input and its catalog go."""
    plan = plan_of(entry("b@1", "draft"), entry("c@1"), entry("a@1", "draft"), entry("a@0"))
    for records in (["1", "2", "3", "4"], ["4", "2", "3", "1"]):
        run_id = begun(store, plan)
        commit(store, run_id, 1, results_of(plan, records[2:]))
        commit(store, run_id, 0, results_of(plan, records[:2]))
        frames = list(store.results(run_id, _ALL))
        expect(2, len(frames))
        found = [(one.record_id, one.key) for one in read(frames)]
        expect([(record, model.key) for record in records for model in plan.models], found)


def one_part_can_be_asked_for(store: Store) -> None:
    """`part` gives the results of that part alone."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"))
    run_id = begun(store, plan)
    parts = [commit(store, run_id, part, results_of(plan, [str(part)])) for part in range(3)]
    for part, expected in enumerate(parts):
        expect_same(expected, read(store.results(run_id, _ALL, part=part)))
    expect([], read(store.results(run_id, _ALL, part=3)))


def frames_have_the_columns_of_long_form(store: Store) -> None:
    """Every frame has the columns of long form and `kept`, with their types."""
    run_id = scored_run(store, plan_of(), [result("1", "fit@1", None)])
    schema = pl.Schema({**long_schema(), "kept": pl.String()})
    frames = [*store.scores(_ALL), *store.currents(_ALL), *store.results(run_id, _ALL)]
    frames += [frame for _, frame in store.changes(0)]
    expect([schema] * 4, [frame.schema for frame in frames])
    nothing = [*store.scores(Selection(labels=("none",))), *store.results(run_id, Selection(labels=("none",)))]
    expect([schema] * len(nothing), [frame.schema for frame in nothing])


def a_selection_gives_what_it_names(store: Store) -> None:
    """Each condition of a selection holds, and all of them together."""
    plan = plan_of(entry("fit@1"), entry("size@1"), entry("fit@2", "draft"))
    written = [
        result(record, model.key, score, status=model.status, label=label, outcome=outcome)
        for record, score, label, outcome in (
            ("1", 1.0, "A", Outcome.OK), ("2", 2.0, "B", Outcome.OK),
            ("3", None, None, Outcome.ABSTAINED), ("4", 4.0, None, Outcome.OK),
        )
        for model in plan.models
    ]  # fmt: skip
    run_id = scored_run(store, plan, written)
    selections = {
        Selection(): {"1", "2", "3", "4"},
        Selection(models=("fit",)): {"1", "2", "3", "4"},
        Selection(models=()): set(),
        Selection(labels=("A", "none")): {"1"},
        Selection(outcomes=("abstained", "error")): {"3"},
        Selection(record_ids=("2", "4", "none")): {"2", "4"},
        Selection(record_ids=()): set(),
        Selection(score_at_least=2.0): {"2", "4"},
        Selection(score_at_most=2.0): {"1", "2"},
        Selection(score_at_least=2.0, score_at_most=2, labels=("B",), models=("fit@1",)): {"2"},
    }
    for selection, records in selections.items():
        for frames in (store.scores(selection), store.currents(selection), store.results(run_id, selection)):
            expect(records, {one.record_id for one in read(frames)})
    by_models = {
        ("fit",): {"fit@1", "fit@2"}, ("fit@2", "size"): {"fit@2", "size@1"}, ("fit@2",): {"fit@2"}, ("none",): set(),
    }  # fmt: skip
    for models, keys in by_models.items():
        for frames in (store.currents(Selection(models=models)), store.results(run_id, Selection(models=models))):
            expect(keys, {one.key for one in read(frames)})
    expect({"fit@1"}, {one.key for one in read(store.scores(Selection(models=("fit", "fit@2"))))})
    expect({"fit@2"}, {one.key for one in read(store.currents(Selection(statuses=("draft",))))})


def a_selection_looks_at_what_is_current(store: Store) -> None:
    """A lead whose newest score does not fit is left out, even if an older one did."""
    scored_run(store, plan_of(as_of=day(1)), [result("1", "fit@1", 9.0, label="A")])
    scored_run(store, plan_of(as_of=day(2)), [result("1", "fit@1", 1.0, label="D")])
    for selection in (Selection(labels=("A",)), Selection(score_at_least=5.0), Selection(models=("fit@0",))):
        expect([], read(store.scores(selection)))
        expect([], read(store.currents(selection)))


def changes_come_by_seq(store: Store) -> None:
    """Every live lane comes once, by seq, after the one that was asked for; trials do not."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"))
    first, second = begun(store, plan), begun(store, plan)
    trial = begun(store, plan_of(entry("fit@1"), purpose="trial"))
    written = [*commit(store, second, 0, results_of(plan, ["1"])), *commit(store, first, 3, results_of(plan, ["2"]))]
    commit(store, trial, 0, results_of(plan_of(), ["3"]))
    written += commit(store, first, 1, results_of(plan, ["4"]), lanes=["active"])[:1]
    changes = list(store.changes(0))
    seqs = [seq for seq, _ in changes]
    expect(sorted(set(seqs)), seqs)
    expect(5, len(seqs))
    expect_same(written, read(frame for _, frame in changes))
    expect(seqs[3:], [seq for seq, _ in store.changes(seqs[2])])
    expect([], list(store.changes(seqs[-1])))
    expect((seqs[-1], seqs[1]), (store.seq(), store.seq(second)))
    expect({("4", "fit@1"): 1.0}, values(read([changes[-1][1]])))


def a_store_begins_empty(store: Store) -> None:
    """Where nothing was stored, nothing is found, and nothing fails."""
    expect(([], 0, {}), (store.runs(), store.seq(), store.kept("1")))
    expect(([], [], []), (read(store.scores(_ALL)), read(store.currents(_ALL)), list(store.changes(0))))
    expect(0, store.seq(begun(store, plan_of())))


def kept_columns_travel_along(store: Store) -> None:
    """Kept columns come with each result, and by record as they came last in a live run."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"), keep=("owner", "rank"))
    run_id = begun(store, plan)
    owners: dict[str, list[Any]] = {"owner": ["Zoë", None], "rank": [1, 2]}
    commit(store, run_id, 0, results_of(plan, ["2", "1"]), as_of=day(3), kept=owners)
    objects = {"2": {"owner": "Zoë", "rank": 1}, "1": {"owner": None, "rank": 2}}
    for frames in (store.results(run_id, _ALL), store.currents(_ALL), (frame for _, frame in store.changes(0))):
        found = [(row["record_id"], msgspec.json.decode(row["kept"])) for frame in frames for row in frame.to_dicts()]
        expect(4, len(found))
        expect([objects[record] for record, _ in found], [kept for _, kept in found])
    other = begun(store, plan_of(as_of=day(9), purpose="trial", keep=("owner",)))
    commit(store, other, 0, [result("2", "fit@1")], as_of=day(9), kept={"owner": ["of a trial"]})
    older = begun(store, plan_of(as_of=day(2), keep=("owner",)))
    commit(store, older, 0, [result("1", "fit@1")], as_of=day(2), kept={"owner": ["of before"]})
    bare = scored_run(store, plan_of(as_of=day(5)), [result("2", "fit@1")])
    expect(objects, {record: store.kept(record) for record in ("2", "1")})
    expect([None], [frame["kept"].item() for frame in store.results(bare, _ALL)])


READING = (
    history_begins_with_the_newest,
    results_come_in_the_order_of_input_and_catalog,
    one_part_can_be_asked_for,
    frames_have_the_columns_of_long_form,
    a_selection_gives_what_it_names,
    a_selection_looks_at_what_is_current,
    changes_come_by_seq,
    a_store_begins_empty,
    kept_columns_travel_along,
)
