"""Checks of a store: the score and what is current, whatever the order of runs and clocks."""

from __future__ import annotations

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

__all__ = ["CURRENT"]

_ALL = Selection()


def the_later_clock_wins(store: Store) -> None:
    """The result of the later clock is current, though it was stored earlier."""
    scored_run(store, plan_of(as_of=day(5)), [result("1", "fit@1", 5.0)])
    scored_run(store, plan_of(as_of=day(3)), [result("1", "fit@1", 3.0)])
    expect({("1", "fit@1"): 5.0}, values(store.score("1")))
    expect({("1", "fit@1"): 5.0}, values(store.current("1")))
    expect({("1", "fit@1"): 5.0}, values(read(store.scores(_ALL))))
    scored_run(store, plan_of(as_of=day(6)), [result("1", "fit@1", 6.0)])
    expect({("1", "fit@1"): 6.0}, values(store.score("1")))
    expect({("1", "fit@1"): 6.0}, values(store.current("1")))


def of_equal_clocks_the_later_commit_wins(store: Store) -> None:
    """Where clocks are equal, the greater seq is current, in whatever order runs began and ended."""
    first, second = begun(store, plan_of()), begun(store, plan_of())
    commit(store, second, 0, [result("1", "fit@1", 2.0)])
    commit(store, first, 0, [result("1", "fit@1", 1.0)])
    store.close_run(first, state="finished", report={})
    store.close_run(second, state="finished", report={})
    expect({("1", "fit@1"): 1.0}, values(store.score("1")))


def trials_never_count(store: Store) -> None:
    """A trial is history, and nothing else."""
    scored_run(store, plan_of(), [result("1", "fit@1", 1.0)])
    scored_run(store, plan_of(purpose="trial", as_of=day(9)), [result("1", "fit@1", 9.0), result("2", "fit@1", 9.0)])
    expect({("1", "fit@1"): 1.0}, values(read(store.scores(_ALL))))
    expect({("1", "fit@1"): 1.0}, values(read(store.currents(_ALL))))
    expect(([], []), (store.score("2"), store.current("2")))
    expect([9.0, 1.0], [one.score for one in store.history("1")])


def drafts_never_decide(store: Store) -> None:
    """A draft's result is current for its version, never the score."""
    plan = plan_of(entry("fit@1"), entry("fit@2", "draft"))
    scored_run(store, plan, [result("1", "fit@1", 1.0), result("1", "fit@2", 2.0, status="draft")])
    expect({("1", "fit@1"): 1.0}, values(store.score("1")))
    expect({("1", "fit@1"): 1.0, ("1", "fit@2"): 2.0}, values(store.current("1")))
    scored_run(store, plan_of(entry("size@1", "draft")), [result("1", "size@1", 3.0, status="draft")])
    expect({("1", "fit@1"): 1.0}, values(store.score("1")))


def a_promoted_version_takes_over(store: Store) -> None:
    """From its first active result a new version is the score; what it said as a draft is not."""
    scored_run(
        store,
        plan_of(entry("fit@1"), entry("fit@2", "draft"), as_of=day(4)),
        [result("1", "fit@1", 1.0), result("1", "fit@2", 2.0, status="draft"),
         result("2", "fit@1", 1.0), result("2", "fit@2", 2.0, status="draft")],
    )  # fmt: skip
    scored_run(store, plan_of(entry("fit@2"), as_of=day(5)), [result("1", "fit@2", 3.0)])
    expect({("1", "fit@2"): 3.0}, values(store.score("1")))
    expect({("1", "fit@1"): 1.0, ("1", "fit@2"): 3.0}, values(store.current("1")))
    expect({("2", "fit@1"): 1.0}, values(store.score("2")))
    expect({("1", "fit@2"): 3.0, ("2", "fit@1"): 1.0}, values(read(store.scores(_ALL))))


def a_demoted_version_keeps_its_score(store: Store) -> None:
    """What a version says as a draft later on does not replace the score that it gave as active."""
    scored_run(store, plan_of(as_of=day(1)), [result("1", "fit@1", 1.0)])
    scored_run(store, plan_of(entry("fit@1", "draft"), as_of=day(2)), [result("1", "fit@1", 2.0, status="draft")])
    expect([("active", 1.0)], [(one.status, one.score) for one in store.score("1")])
    expect([("draft", 2.0)], [(one.status, one.score) for one in store.current("1")])
    scored_run(store, plan_of(entry("fit@0"), as_of=day(0)), [result("1", "fit@0", 0.0)])
    expect({("1", "fit@1"): 1.0}, values(store.score("1")))


def any_status_but_active_is_no_score(store: Store) -> None:
    """Other words for a status, which the original's style allows, are kept and never decide."""
    scored_run(store, plan_of(entry("fit@1", "beta")), [result("1", "fit@1", 1.0, status="beta")])
    expect([], store.score("1"))
    expect(["beta"], [one.status for one in store.current("1")])


def a_name_has_one_score(store: Store) -> None:
    """Of two active versions of a name in one part, the later in the catalog is the score."""
    plan = plan_of(entry("fit@2"), entry("fit@1"))
    scored_run(store, plan, [result("1", "fit@2", 2.0), result("1", "fit@1", 1.0)])
    expect({("1", "fit@1"): 1.0}, values(store.score("1")))
    expect({("1", "fit@1"): 1.0}, values(read(store.scores(_ALL))))
    expect({("1", "fit@1"): 1.0, ("1", "fit@2"): 2.0}, values(store.current("1")))


def the_state_of_a_run_plays_no_part(store: Store) -> None:
    """What a run has committed counts while it is open, and when it was interrupted."""
    scored_run(store, plan_of(as_of=day(1)), [result("1", "fit@1", 1.0)])
    scored_run(store, plan_of(as_of=day(2)), [result("1", "fit@1", 2.0)], state=None)
    expect({("1", "fit@1"): 2.0}, values(store.score("1")))
    scored_run(store, plan_of(as_of=day(3)), [result("1", "fit@1", 3.0)], state="interrupted")
    expect({("1", "fit@1"): 3.0}, values(store.score("1")))


def a_failure_is_the_score_too(store: Store) -> None:
    """A newer failure stands where an older score stood: nobody is shown what is no longer true."""
    scored_run(store, plan_of(as_of=day(1)), [result("1", "fit@1", 1.0)])
    scored_run(store, plan_of(as_of=day(2)), [result("1", "fit@1", None, outcome=Outcome.ERROR)])
    expect([(Outcome.ERROR, None)], [(one.outcome, one.score) for one in store.score("1")])
    expect(["error"], [frame["outcome"].item() for frame in store.scores(_ALL)])


def a_run_of_some_models_leaves_the_others(store: Store) -> None:
    """What a later run did not score stays current."""
    both = plan_of(entry("fit@1"), entry("size@1"), as_of=day(1))
    scored_run(store, both, results_of(both, ["1", "2"], 1.0))
    scored_run(store, plan_of(entry("size@1"), as_of=day(2)), [result("1", "size@1", 2.0)])
    expected = {("1", "fit@1"): 1.0, ("1", "size@1"): 2.0, ("2", "fit@1"): 1.0, ("2", "size@1"): 1.0}
    expect(expected, values(read(store.scores(_ALL))))
    expect(expected, values(read(store.currents(_ALL))))
    expect(expected, values([*store.score("1"), *store.score("2")]))
    scored_run(store, plan_of(entry("size@1"), entry("fit@1"), as_of=day(0)), [
        result("1", "size@1", 0.0), result("1", "fit@1", 0.0),
    ])  # fmt: skip
    expect(expected, values(read(store.currents(_ALL))))


def all_at_once_says_the_same_as_one_by_one(store: Store) -> None:
    """The listings hold exactly what the look-ups give."""
    ids = [str(number) for number in range(50)]
    for clock, keys in ((3, ("fit@1", "size@1")), (1, ("size@1", "fit@2")), (2, ("age@1",)), (2, ("size@1",))):
        plan = plan_of(*(entry(key) for key in keys), as_of=day(clock))
        scored_run(store, plan, results_of(plan, ids[clock * 5 :], float(clock)))
    expect_same([one for record in ids for one in store.score(record)], read(store.scores(_ALL)))
    expect_same([one for record in ids for one in store.current(record)], read(store.currents(_ALL)))


def results_come_in_order(store: Store) -> None:
    """The score comes by name, what is current by name and then the newest first."""
    for clock, key in enumerate(("b@1", "b@2", "a@1", "c@9", "b@3")):
        scored_run(store, plan_of(entry(key), as_of=day(clock)), [result("1", key)])
    expect(["a@1", "b@3", "c@9"], [one.key for one in store.score("1")])
    expect(["a@1", "b@3", "b@2", "b@1", "c@9"], [one.key for one in store.current("1")])


def nothing_is_known_of_an_unknown_record(store: Store) -> None:
    """A record that was never scored has no results, which is no error."""
    asked = (store.score, store.current, store.history)
    expect([[], [], []], [ask("1") for ask in asked])
    scored_run(store, plan_of(), [result("1", "fit@1")])
    for record in ("2", "", "\x00", "\udcff"):
        expect([[], [], []], [ask(record) for ask in asked])
        expect({}, store.kept(record))


CURRENT = (
    the_later_clock_wins,
    of_equal_clocks_the_later_commit_wins,
    trials_never_count,
    drafts_never_decide,
    a_promoted_version_takes_over,
    a_demoted_version_keeps_its_score,
    any_status_but_active_is_no_score,
    a_name_has_one_score,
    the_state_of_a_run_plays_no_part,
    a_failure_is_the_score_too,
    a_run_of_some_models_leaves_the_others,
    all_at_once_says_the_same_as_one_by_one,
    results_come_in_order,
    nothing_is_known_of_an_unknown_record,
)
