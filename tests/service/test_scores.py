"""What a scoring gives back: results as objects and frames, counts that add up, columns kept."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from time import perf_counter
from typing import Any

import pandas as pd
import polars as pl
import pytest

import mlsm
from mlsm import Catalog, InputError, Outcome, Reading
from mlsm.service import Progress
from mlsm.testing import assert_same

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)


def _fit(x: int) -> Any:
    if x == 13:
        raise ValueError("unlucky")
    return None if x % 5 == 0 else {"score": x, "label": "A" if x > 50 else "B"}


fit = mlsm.model(name="fit", version="1", fields={"x": int}, status="active")(_fit)
new = mlsm.model(name="fit", version="2", fields={"x": int, "y": int | None}, status="draft")(lambda x, y: float(x))
best = mlsm.summary_model(name="best", version="1", models=["fit"], require=["fit"], status="active")(
    lambda fit: fit.score
)
CATALOG = Catalog([best, fit, new])
RECORDS = [
    {"id": f"{row:03}", "x": row if row % 7 else "seven", "email": f"{row}@x.y", "n": row} for row in range(1, 101)
]


@pytest.fixture(scope="module")
def scores() -> mlsm.Scores:
    return mlsm.score(CATALOG, RECORDS, as_of=AS_OF, keep=["email", "n"], part_rows=30)


def test_results_come_record_by_record_in_the_catalogs_order(scores: mlsm.Scores) -> None:
    """Iteration, length and index agree; a record's results are found by its id."""
    assert 300 == len(scores) == len(list(scores))
    assert ["best@1", "fit@1", "fit@2"] == [result.key for result in scores[:3]]
    assert ["best@1", "fit@1", "fit@2"] == [result.key for result in scores.record("042")]
    assert () == scores.record("42")
    assert "Scores(100 records, 300 results, 0 rejects)" == repr(scores)


def test_options_that_cannot_be_meant_are_refused_at_once() -> None:
    """A purpose or shape that nobody knows, and numbers below what makes sense, are told together."""
    wrong: dict[str, Any] = {"purpose": "trail", "shape": "deep", "part_rows": 0, "reasons": -1, "workers": "many"}
    with pytest.raises(InputError) as raised:
        mlsm.score(CATALOG, RECORDS, **wrong)
    assert raised.value.problems == (
        "purpose is 'trail'; expected 'live' or 'trial'.",
        "shape is 'deep'; expected 'flat' or 'nested'.",
        "part_rows is 0; expected a whole number, 1 or more.",
        "reasons is -1; expected a whole number, 0 or more.",
        "workers is 'many'; expected a whole number, 0 or more.",
    )


def test_one_kept_column_may_be_a_text() -> None:
    """`keep="email"` keeps that column, not one a letter."""
    assert "email" in mlsm.score([fit], RECORDS, keep="email").frame(wide=True).columns


def test_a_result_is_found_by_its_place(scores: mlsm.Scores) -> None:
    """Every place, from the beginning and from the end, has the result that iteration gives; others are refused."""
    listed = list(scores)
    assert listed == [scores[place] for place in range(len(scores))]
    assert (listed[-1], listed[-300]) == (scores[-1], scores[-300])
    for place in (300, -301):
        with pytest.raises(IndexError):
            scores[place]


def test_one_result_is_had_without_making_all() -> None:
    """A result asked for by its place costs a small part of what all of them cost."""
    many = mlsm.score([fit], [{"id": str(row), "x": row} for row in range(30_000)], as_of=AS_OF)
    began = perf_counter()
    assert 30_000 == len(list(many))
    all_of_them = perf_counter() - began
    began = perf_counter()
    assert "29999" == many[-1].record_id
    assert perf_counter() - began < all_of_them / 2


def test_counts_add_up_everywhere(scores: mlsm.Scores) -> None:
    """Counts by model and outcome are those of the objects, of the long frame and of the wide one."""
    counted = Counter((result.key, result.outcome) for result in scores)
    assert dict(counted) == {
        (key, outcome): n for key, found in scores.counts().items() for outcome, n in found.items()
    }
    long = scores.frame().group_by("model", "version", "outcome").len().rows()
    assert dict(counted) == {(f"{model}@{version}", Outcome(outcome)): n for model, version, outcome, n in long}
    wide = scores.frame(wide=True).get_column("fit.outcome").value_counts().rows()
    assert {outcome: n for (key, outcome), n in counted.items() if key == "fit@1"} == dict(wide)
    assert {100} == {sum(found.values()) for found in scores.counts().values()}
    assert {Outcome.OK: 67, Outcome.ABSTAINED: 18, Outcome.ERROR: 1, Outcome.INVALID: 14} == scores.counts()["fit@1"]
    assert {Outcome.OK: 67, Outcome.SKIPPED: 33} == scores.counts()["best@1"]


def test_the_report_tells_of_failures(scores: mlsm.Scores) -> None:
    """Distinct errors with their count and first records; shares of failed results of active models."""
    report = scores.report
    assert ("finished", 100, 0, 4, 0, None, False) == (
        report.state, report.records, report.rejected, report.parts, report.skipped_parts, report.run_id, report.resumed
    )  # fmt: skip
    assert {"best@1": 0.33, "fit@1": 0.01} == report.failed_share
    assert ("best@1",) == report.degraded
    notes = {(note.model, note.type, note.message): (note.count, note.first_ids) for note in report.errors}
    assert (1, ("013",)) == notes["fit@1", "ValueError", "unlucky"]
    assert (14, ("007", "014", "021", "028", "035")) == notes["fit@1", "InvalidRecord", "x: wrong type, expected int"]
    assert 33 == sum(count for (key, *_), (count, _) in notes.items() if key == "best@1")


def test_a_long_frame_has_a_row_a_result(scores: mlsm.Scores) -> None:
    """Its columns are a result's; JSON stays text."""
    frame = scores.frame()
    assert (300, ["record_id", "model", "version", "status", "outcome", "score"]) == (frame.height, frame.columns[:6])
    first = frame.row(1, named=True)
    assert ("001", "fit", "1", "active", "ok", 1.0, "B", AS_OF) == tuple(
        first[name] for name in ("record_id", "model", "version", "status", "outcome", "score", "label", "as_of")
    )


def test_a_wide_frame_has_a_row_a_record(scores: mlsm.Scores) -> None:
    """Three columns a model, active ones by name and drafts by key, and the kept columns as they came."""
    frame = scores.frame(wide=True)
    assert 100 == frame.height
    expected = {"record_id": "004", "email": "4@x.y", "n": 4}
    expected |= {"best": 4.0, "best.label": None, "best.outcome": "ok"}
    expected |= {"fit": 4.0, "fit.label": "B", "fit.outcome": "ok"}
    expected |= {"fit@2": 4.0, "fit@2.label": None, "fit@2.outcome": "ok"}
    assert expected == frame.row(3, named=True)


def test_frames_of_several_parts_have_one_form() -> None:
    """A facet that is null throughout one part is no trouble for the others."""
    labelled = mlsm.model(name="m", version="1", fields={"x": int}, status="active")(
        lambda x: {"score": x, "label": "A", "note": 1} if x == 5 else None
    )
    found = mlsm.score([labelled], [{"id": row, "x": row} for row in range(9)], part_rows=2, keep=["x"])
    assert ([None] * 5 + ["A"] + [None] * 3) == found.frame().get_column("label").to_list()
    assert 1 == found.frame(wide=True).get_column("m.label").count()


@pytest.mark.parametrize("as_frame", [pl.DataFrame, pd.DataFrame, lambda rows: pl.DataFrame(rows).to_arrow()])
def test_records_may_be_any_frame(as_frame: Any) -> None:
    """A frame that speaks Arrow gives what a list of dicts gives."""
    rows = [{"id": str(row), "x": row} for row in range(1, 20)]
    assert_same(mlsm.score(CATALOG, rows), mlsm.score(CATALOG, as_frame(rows)), exact=True)


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 1, 1, 10, tzinfo=UTC)),
        (datetime.fromisoformat("2026-01-01T12:00"), datetime(2026, 1, 1, 12, tzinfo=UTC)),
    ],
    ids=["zone", "naive"],
)
def test_the_clock_is_utc(as_of: datetime, expected: datetime) -> None:
    """A clock of another zone is converted, a naive one is UTC; without one it is now."""
    clock = mlsm.model(name="clock", version="1", fields={}, status="active")(lambda as_of: {"at": as_of})
    for found in (mlsm.score_one([clock], {"id": 1}, as_of=as_of)[0], mlsm.score([clock], [{"id": 1}], as_of=as_of)[0]):
        assert (expected, {"at": expected.isoformat()}) == (found.as_of, found.output)
    now = datetime.now(UTC)
    assert timedelta(0) <= mlsm.score_one([clock], {"id": 1})[0].as_of - now < timedelta(minutes=1)  # type: ignore[operator]
    assert timedelta(0) <= mlsm.score([clock], [{"id": 1}])[0].as_of - now < timedelta(minutes=1)


def test_a_reading_counts_in_both_paths() -> None:
    """How values are spelled can be said for one record and for many, and is forgotten afterwards."""
    catalog = Catalog([mlsm.model(name="f", version="1", fields={"x": float}, status="active")(lambda x: x)])
    german = Reading(decimal=",")
    for reading, outcome in ((german, "ok"), (None, "invalid"), (german, "ok")):
        record = {"id": 1, "x": "1,5"}
        assert [outcome] == [found.outcome for found in mlsm.score_one(catalog, record, reading=reading)]
        assert [outcome] == [found.outcome for found in mlsm.score(catalog, [record], reading=reading)]


def test_progress_is_told_in_rows() -> None:
    """Reading and scoring tell how far they are; the last word is the whole."""
    from mlsm.readers import open_data
    from mlsm.service import Job, run

    told: list[Progress] = []
    job = Job(catalog=CATALOG, inputs=(open_data(RECORDS),), id_column="id", as_of=AS_OF, part_rows=30)
    run(job, on_progress=told.append)
    scoring = [(found.done, found.total) for found in told if found.stage == "scoring"]
    assert [(0, 100), (30, 100), (60, 100), (90, 100), (100, 100)] == scoring
    assert [30, 60, 90, 100] == [found.done for found in told if found.stage == "reading"]


def test_a_model_alone_and_an_empty_catalog_serve() -> None:
    """One model is a catalog; none has no results, but its records are counted."""
    assert ["ok"] == [found.outcome for found in mlsm.score(fit, [{"id": 1, "x": 1}])]
    assert ["ok"] == [found.outcome for found in mlsm.score_one(fit, {"id": 1, "x": 1})]
    empty = mlsm.score([], [{"id": 1}])
    assert (0, 1, {}) == (len(empty), empty.report.records, empty.counts())
    assert () == mlsm.score_one([], {"id": 1})
