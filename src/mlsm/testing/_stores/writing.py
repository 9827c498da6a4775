"""Checks of a store: what is written comes back, once, whole, and to the last bit."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import polars as pl

from mlsm._result import Failure, Given, Outcome, Problem, Reason, Reasons, Substitute
from mlsm.contracts import Reject, Selection, Store
from mlsm.errors import StoreError, UnknownNameError
from mlsm.testing._stores.samples import (
    Values,
    begun,
    commit,
    day,
    entry,
    expect,
    expect_raised,
    expect_same,
    framed,
    plan_of,
    read,
    result,
    results_of,
    values,
)

__all__ = ["WRITING"]

_ALL = Selection()


def results_come_back_whole(store: Store) -> None:
    """All that a result may say comes back, of every outcome."""
    failure = Failure(
        type="ValueError",
        message="no 'size' → ✗",
        problems=(Problem(path="size", problem="wrong type", expected="int", got="'x'"),),
        culprits=("fit@1",),
    )
    reasons = Reasons(scale="log_odds", baseline=0.1, items=(Reason(field="size", contribution=0.2),), approximate=True)
    substitute = Substitute(score=3.5, label="C", stale_since=day(0), from_version="0.9")
    written = [
        result("1", "fit@1", 0.1 + 0.2, label="Ä", output={"b": [1, None], "a": "é"}, reasons=reasons),
        result("2", "fit@1", None, outcome=Outcome.ABSTAINED),
        result("3", "fit@1", None, outcome=Outcome.INVALID, error=failure),
        result("4", "fit@1", None, outcome=Outcome.ERROR, error=failure, substitute=substitute),
        result("5", "fit@1", None, outcome=Outcome.TIMEOUT, error=failure),
        result("6", "fit@1", None, outcome=Outcome.CRASHED),
        result("7", "fit@1", None, outcome=Outcome.SKIPPED, error=failure),
        result("8", "fit@1", None, label="", output=[]),
    ]
    run_id = begun(store, plan_of())
    expected = commit(store, run_id, 0, written)
    expect_same(expected, read(store.results(run_id, _ALL)))
    expect_same(expected, [one for record in "12345678" for one in store.score(record)])
    expect_same(expected, [one for record in "12345678" for one in store.history(record)])


def scores_keep_their_bits(store: Store) -> None:
    """A score comes back as the same 64 bits, the sign of zero included."""
    scores = [0.0, -0.0, 0.1 + 0.2, 5e-324, -1.7976931348623157e308, 2.0**53, 72.0, 1 / 3, 1e22]
    run_id = begun(store, plan_of())
    commit(store, run_id, 0, [result(str(place), "fit@1", score) for place, score in enumerate(scores)])
    found = [store.score(str(place))[0].score for place in range(len(scores))]
    listed = pl.concat(store.scores(_ALL)).sort("record_id").get_column("score").to_list()
    for given, looked_up, in_bulk in zip(scores, found, listed, strict=True):
        expect((given, _bits(given), _bits(given)), (looked_up, _bits(looked_up), _bits(in_bulk)))


def _bits(score: float | None) -> bytes | None:
    return None if score is None else struct.pack("<d", score)


def results_without_a_score_are_results(store: Store) -> None:
    """A null score, label or output is kept as null, not left out and not made zero or empty."""
    run_id = begun(store, plan_of())
    commit(store, run_id, 0, [result("1", "fit@1", None), result("2", "fit@1", 0.0, label="")])
    expect({("1", "fit@1"): None, ("2", "fit@1"): 0.0}, values(read(store.scores(_ALL))))
    expect([None, ""], [store.score(record)[0].label for record in "12"])
    expect([None, 0.0], [store.current(record)[0].score for record in "12"])


def every_record_keeps_its_own(store: Store) -> None:
    """Many records in parts and in no order: each has its own scores, once."""
    draw = random.Random(7)  # noqa: S311 - test data
    ids = [f"{number:06d}" for number in draw.sample(range(10**6), 1_500)]
    plan = plan_of(entry("fit@1"), entry("size@2"), entry("fit@2", "draft"))
    for clock in (1, 2):
        draw.shuffle(ids)
        run_id = begun(store, plan_of(*plan.models, as_of=day(clock)))
        expected: Values = {}
        for part, start in enumerate(range(0, len(ids), 599)):
            results = [
                result(record_id, model.key, int(record_id) + place / 7 + clock, status=model.status)
                for record_id in ids[start : start + 599]
                for place, model in enumerate(plan.models)
            ]
            commit(store, run_id, part, results, as_of=day(clock))
            expected |= values(results)
        expect(expected, values(read(store.results(run_id, _ALL))))
        expect(expected, values(read(store.currents(_ALL))))
    for record_id in ids[:20]:
        own = {key: score for key, score in expected.items() if key[0] == record_id}
        expect(own, values(store.current(record_id)))


def many_models_share_a_part(store: Store) -> None:
    """A part with forty models, some with facets that others lack."""
    models = [entry(f"model{number}@1", "active" if number % 3 else "draft") for number in range(40)]
    plan = plan_of(*models)
    written = [
        result(
            record,
            model.key,
            float(place),
            status=model.status,
            label=f"{record}{place}" if place % 2 else None,
            output={"place": place} if place == 17 else None,
        )
        for record in ("a", "b", "c")
        for place, model in enumerate(models)
    ]
    run_id = begun(store, plan)
    expected = commit(store, run_id, 0, written)
    found = read(store.results(run_id, _ALL))
    expect_same(expected, found)
    expect([model.key for model in models] * 3, [one.key for one in found])


def a_part_written_again_changes_nothing(store: Store) -> None:
    """The second writer of a lane is told False, and nothing of what it brings is stored."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"))
    run_id = begun(store, plan)
    reject = Reject(source="leads.csv", row=3, reason="There is no id.")
    expected = commit(store, run_id, 0, results_of(plan, ["1", "2"]), rejects=[reject])
    seq, entries = store.seq(), store.runs()
    commit(store, run_id, 0, results_of(plan, ["2", "3"], score=9.0), rejects=[reject], as_of=day(5))
    expect_same(expected, read(store.results(run_id, _ALL)))
    expect((seq, entries, [reject]), (store.seq(), store.runs(), list(store.rejects(run_id))))
    expect([], store.history("3"))


def lanes_of_a_part_commit_apart(store: Store) -> None:
    """The active lane is readable before the draft lane is there."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"))
    run_id = begun(store, plan)
    commit(store, run_id, 0, results_of(plan, ["1"]), lanes=["active"])
    expect({("1", "fit@1"): 1.0}, values(store.current("1")))
    first = store.seq()
    commit(store, run_id, 0, results_of(plan, ["1"]), lanes=["draft"])
    expect({("1", "fit@1"): 1.0, ("1", "fit@2"): 1.0}, values(store.current("1")))
    expect([True, True], [first >= 1, store.seq() > first])
    expect(1, len(list(store.results(run_id, _ALL))))


def a_record_may_come_in_two_parts(store: Store) -> None:
    """A run that stays open may score a record again, its drafts in a later part than its active ones."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"), inputs=())
    run_id = begun(store, plan)
    commit(store, run_id, 0, [result("1", "fit@1", 1.0)], as_of=day(1))
    commit(store, run_id, 1, [result("1", "fit@2", 5.0, status="draft")], as_of=day(1))
    commit(store, run_id, 2, [result("1", "fit@1", 2.0)], as_of=day(2))
    expect({("1", "fit@1"): 2.0, ("1", "fit@2"): 5.0}, values(store.current("1")))
    expect([2.0, 5.0, 1.0], [one.score for one in store.history("1")])


def ids_are_kept_byte_for_byte(store: Store) -> None:
    """Ids that look alike are different records, whatever characters they have."""
    ids = [
        "7",
        "007",
        "7.0",
        " 7",
        "7 ",
        "A",
        "a",
        "é",
        "e\u0301",
        "ß",
        "ss",
        '"',
        "'",
        "\\",
        "\\u0041",
        "\t\x01",
        "%",
        "_",
    ]
    ids += ["[1]", "{}", "null", "🐛", "\ue000", "x" * 512]
    run_id = begun(store, plan_of())
    expected = commit(store, run_id, 0, [result(record, "fit@1", float(place)) for place, record in enumerate(ids)])
    expect(ids, [one.record_id for one in read(store.results(run_id, _ALL))])
    expect_same(expected, [one for record in ids for one in store.score(record)])
    expect_same(expected, read(store.scores(_ALL)))


def a_summary_tells_what_it_was_given(store: Store) -> None:
    """`given` is there where the summary was called, and only there."""
    given = (Given(model="fit@1", run_id="earlier", stale_since=day(0)), Given(model="size@1"))
    called = (Outcome.OK, Outcome.ABSTAINED, Outcome.ERROR)
    written = [
        result(outcome.value, "best@1", None, outcome=outcome, given=given if outcome in called else ())
        for outcome in Outcome
    ]
    run_id = begun(store, plan_of(entry("best@1")))
    expected = commit(store, run_id, 0, written)
    expect_same(expected, read(store.results(run_id, _ALL)))
    expect_same(expected, [one for outcome in Outcome for one in store.current(outcome.value)])


def a_summary_tells_where_a_last_good_score_was_in_it(store: Store) -> None:
    """`given` has `stale_since` for the records whose upstream was stood in for, and for no other."""
    stale = (Given(model="fit@1", stale_since=day(0)), Given(model="size@1"))
    fresh = (Given(model="fit@1"), Given(model="size@1"))
    written = [
        result(record, "best@1", 1.0, given=stale if record in {"b", "d"} else fresh) for record in ("a", "b", "c", "d")
    ]
    run_id = begun(store, plan_of(entry("best@1")))
    expected = commit(store, run_id, 0, written)
    expect_same(expected, read(store.results(run_id, _ALL)))
    expect_same(expected, [one for record in "abcd" for one in store.current(record)])
    expect_same(expected, read(store.scores(_ALL)))
    expect_same(expected, [one for record in "abcd" for one in store.held(record).results])


def rejects_come_back_in_order(store: Store) -> None:
    """Rejects go with the first lane of their part, whichever is written first."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"))
    run_id = begun(store, plan)
    rejects = [
        Reject(source="leads.csv", row=row, line=line, record_id=record_id, reason=f"Reason {row}.")
        for row, line, record_id in ((2, 3, "7"), (9, None, None), (11, 14, ""), (12, 15, "7"))
    ]
    commit(store, run_id, 1, results_of(plan, ["3"]), rejects=rejects[2:])
    commit(store, run_id, 0, results_of(plan, ["1"]), rejects=rejects[:2], lanes=["draft", "active"])
    expect(rejects, list(store.rejects(run_id)))
    expect(4, store.run(run_id).rejects)


def a_part_may_have_no_record(store: Store) -> None:
    """A part of nothing but rejects is committed like any other."""
    reject = Reject(source="leads.csv", row=1, reason="There is no id.")
    plan = plan_of()
    run_id = begun(store, plan)
    whole = commit(store, run_id, 0, results_of(plan, ["1"]))
    empty = pl.DataFrame(schema={"record_id": pl.String, "fit@1.outcome": pl.UInt8, "fit@1.score": pl.Float64})
    batch = framed(empty)
    expect(True, store.write(run_id, 1, "active", batch, [reject]))
    expect(False, store.write(run_id, 1, "active", batch, [reject]))
    expect_same(whole, read(store.results(run_id, _ALL)))
    expect((2, 1, 1), (store.run(run_id).parts_done, store.run(run_id).records, store.run(run_id).rejects))


def a_record_comes_once_in_a_part(store: Store) -> None:
    """A part that has a record twice is refused whole."""
    run_id = begun(store, plan_of())
    twice = pl.DataFrame({"record_id": ["1", "2", "1"], "fit@1.outcome": [0, 0, 0], "fit@1.score": [1.0, 2.0, 3.0]})
    batch = framed(twice)
    expect_raised(StoreError, lambda: store.write(run_id, 0, "active", batch, []))
    expect(([], 0), (store.score("2"), store.seq()))


def inputs_come_back(store: Store) -> None:
    """The inputs of a part come back with their types, in their order."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"))
    run_id = begun(store, plan)
    frames = [
        pl.DataFrame({"record_id": ["2", "1"], "size": [None, 5], "name": ["é", None], "when": [day(1), None]}),
        pl.DataFrame({"record_id": ["3"], "size": [7], "name": ["x"], "when": [day(2)]}),
    ]
    commit(store, run_id, 1, results_of(plan, ["3"]), inputs=frames[1])
    commit(store, run_id, 0, results_of(plan, ["2", "1"]), inputs=frames[0])
    found = list(store.inputs(run_id))
    expect(2, len(found))
    expect([True, True], [one.equals(other) for one, other in zip(frames, found, strict=True)])


def a_run_that_is_unknown_is_refused(store: Store) -> None:
    """Nothing is written into a run that was never opened."""
    begun(store, plan_of())
    unknown = "00000000-0000-7000-8000-000000000000"
    expect_raised(UnknownNameError, lambda: commit(store, unknown, 0, [result("1", "fit@1")]), unknown)
    expect_raised(UnknownNameError, lambda: store.close_run(unknown, state="finished", report={}), unknown)
    asked: list[Callable[[], object]] = [
        lambda: store.run(unknown),
        lambda: store.seq(unknown),
        lambda: list(store.results(unknown, _ALL)),
        lambda: list(store.rejects(unknown)),
        lambda: list(store.inputs(unknown)),
    ]
    for ask in asked:
        expect_raised(UnknownNameError, ask, unknown)
    expect(([], 0), (store.history("1"), store.seq()))


WRITING = (
    results_come_back_whole,
    scores_keep_their_bits,
    results_without_a_score_are_results,
    every_record_keeps_its_own,
    many_models_share_a_part,
    a_part_written_again_changes_nothing,
    lanes_of_a_part_commit_apart,
    a_record_may_come_in_two_parts,
    ids_are_kept_byte_for_byte,
    a_summary_tells_what_it_was_given,
    a_summary_tells_where_a_last_good_score_was_in_it,
    rejects_come_back_in_order,
    a_part_may_have_no_record,
    a_record_comes_once_in_a_part,
    inputs_come_back,
    a_run_that_is_unknown_is_refused,
)
