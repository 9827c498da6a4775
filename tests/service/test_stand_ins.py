"""What stands in for a failed result: nothing, the last good score, or a declared value; never in silence."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import mlsm
from mlsm import Failing, Given, Model, Outcome, Result, Substitute, Upstream
from mlsm.contracts import Selection, Store
from mlsm.stores import open_store
from mlsm.testing import assert_same

MONDAY, TUESDAY = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
RECORDS = [{"id": str(number), "x": number} for number in range(5)]
DEFAULT = Failing(on_failure="default", score=10, label="C")
LAST_GOOD = Failing(on_failure="last_good")


def fit(failing: Failing, *, wrong: set[int] = frozenset(), status: str = "active", version: str = "1") -> Model:  # type: ignore[assignment]
    def fit(x: int) -> dict[str, Any]:
        if x in wrong:
            raise ValueError("broken today")
        return {"score": float(x) + (0 if version == "1" else 100), "label": "A"}

    return mlsm.model(name="fit", version=version, status=status, range=(0, 200), failing=failing)(fit)


def best(*, require: bool = True) -> Model:
    """Make a summary that doubles what it sees, 0 for nothing."""

    def best(fit: Upstream) -> dict[str, Any]:
        return {"score": 2 * (fit.score or 0.0), "label": fit.label, "outcome": fit.outcome.value, "usable": fit.usable}

    return mlsm.summary_model(version="1", models=["fit"], require=["fit"] if require else [], status="active")(best)


def wide() -> Model:
    """Make a summary of columns."""

    def wide(frame: pl.DataFrame) -> pl.Series:
        return frame["fit.score"] * 2

    made = mlsm.summary_model(version="1", models=["fit"], batch=True, status="active")
    return made(wide)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store("sqlite:///mlsm.db", tmp_path)
    yield opened
    opened.dispose()


def of(scores: mlsm.Scores, record_id: str) -> dict[str, Result]:
    return {result.model: result for result in scores.record(record_id)}


def test_by_default_nothing_stands_in() -> None:
    """A failed result has no score, and a summary that requires it is skipped."""
    found = of(mlsm.score([fit(Failing(), wrong={3}), best()], RECORDS), "3")
    assert (found["fit"].outcome, found["fit"].substitute) == (Outcome.ERROR, None)
    assert found["best"].outcome is Outcome.SKIPPED


def test_a_declared_value_stands_in_and_says_so() -> None:
    """The outcome stays an error without a score; the summary goes on with the declared value."""
    found = of(mlsm.score([fit(DEFAULT, wrong={3}), best()], RECORDS), "3")
    assert (found["fit"].outcome, found["fit"].score, found["fit"].usable) == (Outcome.ERROR, None, True)
    assert found["fit"].substitute == Substitute(score=10.0, label="C")
    assert (found["best"].score, found["best"].label) == (20.0, "C")
    assert found["best"].output == {"outcome": "error", "usable": True}


def test_one_record_and_many_agree() -> None:
    """A declared value stands in for one record as for many."""
    catalog = mlsm.Catalog([fit(DEFAULT, wrong={3}), best(), wide(), mlsm.summary_of("best", name="top", version="1",
                            models=["fit"]).with_status("active")])  # fmt: skip
    scores = mlsm.score(catalog, RECORDS, as_of=MONDAY)
    for record in RECORDS:
        assert_same(mlsm.score_one(catalog, record, as_of=MONDAY), scores.record(str(record["id"])), exact=True)
    assert [result.score for result in scores.record("3")] == [None, 20.0, 20.0, 10.0]


def test_what_a_breaker_spares_has_a_stand_in_too() -> None:
    """A skipped result is a failed one."""
    breaker = mlsm.Breaker(share=0, window=1)
    failing = Failing(on_failure="default", score=1.0, breaker=breaker)
    scores = mlsm.score([fit(failing, wrong={0})], RECORDS)
    assert [(r.outcome.value, r.substitute is not None) for r in scores] == [("error", True)] + [("skipped", True)] * 4


def test_nothing_stands_in_for_an_invalid_record_or_an_abstention() -> None:
    """Neither is a failure of the model."""
    assert of(mlsm.score([fit(DEFAULT)], [{"id": "1", "x": "many"}]), "1")["fit"].substitute is None


def test_the_last_good_score_stands_in(store: Store) -> None:
    """Summaries see yesterday's score, and what they were given says since when it is stale."""
    mlsm.score([fit(LAST_GOOD)], RECORDS, store=store, as_of=MONDAY)
    scores = mlsm.score([fit(LAST_GOOD, wrong={3}, version="2"), best()], RECORDS, store=store, as_of=TUESDAY)
    found = of(scores, "3")
    assert found["fit"].outcome is Outcome.ERROR
    assert found["fit"].substitute == Substitute(score=3.0, label="A", stale_since=MONDAY, from_version="1")
    assert (found["best"].score, found["best"].label) == (6.0, "A")
    run_id = scores.report.run_id
    assert found["best"].given == (Given(model="fit@2", run_id=run_id, stale_since=MONDAY),)
    assert of(scores, "2")["best"].given == (Given(model="fit@2", run_id=run_id),)
    assert run_id is not None
    (stored,) = store.results(run_id, Selection(record_ids=("3",), models=("fit",)))
    assert stored.get_column("substitute").to_list() == [
        '{"from_version":"1","label":"A","score":3.0,"stale_since":"2026-11-23T00:00:00Z"}'
    ]
    assert [found["best"].given] == [one.given for one in store.score("3") if one.model == "best"]


def test_a_stand_in_never_becomes_a_last_good_score(store: Store) -> None:
    """On the third day the score of the first still stands in, with its own date."""
    mlsm.score([fit(LAST_GOOD)], RECORDS, store=store, as_of=MONDAY)
    broken = [fit(LAST_GOOD, wrong={3}, version="2")]
    mlsm.score(broken, RECORDS, store=store, as_of=TUESDAY)
    third = mlsm.score(broken, RECORDS, store=store, as_of=datetime(2026, 11, 25, tzinfo=UTC))
    substitute = of(third, "3")["fit"].substitute
    assert substitute is not None
    assert substitute.stale_since == MONDAY


def test_without_a_last_good_score_nothing_stands_in(store: Store) -> None:
    """Who was never scored, and whose score lies after this run's clock, has none."""
    broken = [fit(LAST_GOOD, wrong={3}, version="2"), best()]
    assert of(mlsm.score(broken, RECORDS, as_of=TUESDAY), "3")["best"].outcome is Outcome.SKIPPED
    mlsm.score([fit(LAST_GOOD)], RECORDS, store=store, as_of=TUESDAY)
    earlier = mlsm.score(broken, RECORDS, store=store, as_of=MONDAY)
    assert of(earlier, "3")["fit"].substitute is None


def test_without_a_store_the_report_says_that_nothing_stands_in() -> None:
    """`last_good` comes to `skip` where nothing is kept, and that is told."""
    scores = mlsm.score([fit(LAST_GOOD, wrong={3})], RECORDS)
    assert of(scores, "3")["fit"].substitute is None
    assert ["'fit@1'" in notice for notice in scores.report.notices] == [True]
    assert mlsm.score([fit(Failing())], RECORDS).report.notices == ()


def test_drafts_have_no_stand_ins() -> None:
    """What stands in for a draft would hide how it does."""
    assert of(mlsm.score([fit(DEFAULT, wrong={3}, status="draft")], RECORDS), "3")["fit"].substitute is None


class Asked:
    """A look-up that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, name: str, record_ids: Sequence[str]) -> pl.DataFrame:
        from mlsm.contracts import last_good_schema

        self.asked.append((name, [*record_ids]))
        return pl.DataFrame(schema=last_good_schema())


def test_only_failed_records_are_looked_up() -> None:
    """The store is asked for nobody whose score is there."""
    from mlsm.engine.batch import score_part
    from mlsm.service.preparing import prepared

    asked = Asked()
    for wrong in (set(), {1, 3}):
        ready = prepared(mlsm.Catalog([fit(LAST_GOOD, wrong=wrong)]))
        columns = {"x": pl.Series(range(5))}
        ids = pl.Series([str(number) for number in range(5)])
        score_part(ready, ids, columns, number=0, as_of=MONDAY, scored_at=MONDAY, last_good=asked)
    assert asked.asked == [("fit", ["1", "3"])]


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"on_failure": "last"}, "on_failure is 'last'; expected one of skip, last_good, default."),
        (
            {"on_failure": "default"},
            "on_failure is 'default', but neither score nor label is there; expected a value that stands in.",
        ),
        ({"score": 1.0}, "a value stands in only with on_failure 'default'; here on_failure is 'skip'."),
        ({"on_failure": "default", "score": float("nan")}, "score is nan; expected a finite number."),
        ({"max_failed": 5}, "max_failed is 5; expected a share from 0 to 1."),
    ],
)
def test_what_cannot_be_meant_is_refused(declared: dict[str, Any], told: str) -> None:
    """Every mistake is told, with an example."""
    with pytest.raises(mlsm.DeclarationError) as caught:
        Failing(**declared)
    assert caught.value.problems == (told,)


@mlsm.model(name="trusty", version="1", status="active", range=(0, 1000), failing=LAST_GOOD)
def trusty(x: int) -> float:
    return float(x)


@mlsm.model(name="trusty", version="2", status="active", range=(0, 1000), failing=LAST_GOOD)
def trusty_2(x: int) -> float:
    if x % 10 == 3:
        raise ValueError("broken today")
    return float(x) + 100


@mlsm.summary_model(version="1", models=["trusty"], require=["trusty"], status="active")
def trusted(trusty: Upstream) -> dict[str, Any]:
    return {"score": 2 * (trusty.score or 0.0), "stale": str(trusty.stale_since)}


@pytest.mark.parametrize("workers", [1, 2])
def test_last_good_scores_stand_in_whatever_the_workers(store: Store, workers: int) -> None:
    """Workers have no store, yet their summaries see what stands in; the results are those of one process."""
    records = [{"id": str(number), "x": number} for number in range(100)]
    mlsm.score([trusty], records, store=store, as_of=MONDAY)

    def tuesday(count: int) -> pl.DataFrame:
        scores = mlsm.score(
            [trusty_2, trusted], records, store=store, as_of=TUESDAY, part_rows=30, workers=count, purpose="trial"
        )
        given = pl.col("given").str.replace_all('"run_id":"[^"]*"', "")
        return scores.frame().drop("run_id", "scored_at").with_columns(given)

    alone = tuesday(0)
    assert alone.get_column("substitute").drop_nulls().len() == 10
    assert alone.filter(pl.col("given").str.contains("2026-11-23")).height == 10
    assert tuesday(workers).equals(alone)
