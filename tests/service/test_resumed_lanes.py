"""Whatever lanes of a run are committed, its resume scores the others, and only them, to the same end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsm import Catalog, model, summary_model
from mlsm._batch import Batch
from mlsm._typing import Lane
from mlsm.contracts import Selection, Store
from mlsm.readers import open_data
from mlsm.service import Job, Report, run
from mlsm.stores import open_store

PARTS, PART_ROWS = 4, 5
LANES: tuple[Lane, ...] = ("active", "draft")
PAIRS = [(part, lane) for part in range(PARTS) for lane in LANES]
BASE = 7_000_000
"""The first record's number; those that are made up to try a batch model are not near."""
CALLS: set[tuple[str, int]] = set()
"""Which model was called in which part."""


def note(key: str, *numbers: int) -> None:
    """Note that a model was called."""
    CALLS.update((key, (n - BASE) // PART_ROWS) for n in numbers if BASE <= n < BASE + PARTS * PART_ROWS)


@model(version="1", status="active")
def first(number: int) -> Any:
    """Answer in every way there is."""
    note("first@1", number)
    if number % 7 == 3:
        raise ValueError(f"not {number}")
    return None if number % 7 == 4 else {"score": number / 3, "label": "odd" if number % 2 else None, "deep": [number]}


@model(version="1", status="active", batch=True, fields={"number": int})
def whole(leads: pl.DataFrame) -> pl.Series:
    """Answer by column."""
    note("whole@1", *leads["number"])
    return leads["number"] / 3


@summary_model(version="1", status="active", models=["first"], fields={"number": int}, require=["first"])
def strict(first: Any, number: int) -> Any:
    """Stand on an active model."""
    note("strict@1", number)
    return first.score + 1


@model(version="2", name="first")
def second(number: int) -> Any:
    """Answer as a draft."""
    note("first@2", number)
    return number * 2


@summary_model(
    version="2", models={"a": "first", "b": "whole", "c": "strict", "d": "first@2"}, fields={"number": int}, name="over"
)
def over(a: Any, b: Any, c: Any, d: Any, number: int) -> Any:
    """Stand on active models and a draft; keep all that is seen of them."""
    note("over@2", number)
    return {"score": number, "seen": [[one.outcome, one.score, one.label, one.output] for one in (a, b, c, d)]}


@summary_model(version="2", models=["first", "whole"], batch=True, require=["first"], name="table")
def table(seen: pl.DataFrame) -> pl.Series:
    """Stand on active models by column."""
    return seen["first.score"] - seen["whole.score"]


CATALOG = Catalog([first, whole, second, strict, over, table])
ACTIVE = ("first@1", "whole@1", "strict@1")


def job(catalog: Catalog, *, resume: bool = False) -> Job:
    """Ask for twenty records in four parts; two have no number."""
    records = [{"id": str(n), "number": None if n in (2, 11) else BASE + n} for n in range(PARTS * PART_ROWS)]
    return Job(
        catalog=catalog,
        inputs=(open_data(records),),
        id_column="id",
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        part_rows=PART_ROWS,
        resume=resume,
    )


@pytest.fixture(scope="module")
def store_of_all() -> Iterator[tuple[Store, list[Batch], Report]]:
    """Score all parts without any interruption."""
    store, batches = open_store("memory:", Path()), list[Batch]()
    report = run(job(CATALOG), store=store, on_batch=batches.append)
    yield store, batches, report
    store.dispose()


def told(store: Store, run_id: str) -> list[pl.DataFrame]:
    """Give the results of a run, but ids of runs and times of day."""
    given_by = pl.col("given").str.replace_all('"run_id":"[^"]*"', '"run_id":null')
    frames = store.results(run_id, Selection())
    return [frame.drop("run_id", "scored_at").with_columns(given_by) for frame in frames]


@given(committed=st.sets(st.sampled_from(PAIRS), max_size=len(PAIRS) - 1), url=st.sampled_from(["memory:", "sqlite"]))
@settings(max_examples=25, deadline=None)
def test_any_lanes_may_be_missing(
    committed: set[tuple[int, Lane]], url: str, store_of_all: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A resume calls the models of the missing lanes alone; results, counts and the report are those of one run."""
    complete, batches, expected = store_of_all
    folder = tmp_path_factory.mktemp("store")
    store = open_store("memory:" if url == "memory:" else "sqlite:///held.db", folder)
    opened = store.open_run(complete.runs()[0].plan)
    for part, lane in sorted(committed):
        batch = replace(batches[part], run_id=opened.run_id)
        assert store.write(opened.run_id, part, lane, batch.lane(lane), ())
    CALLS.clear()
    report = run(job(CATALOG, resume=True), store=store)
    missing = {pair for pair in PAIRS if pair not in committed}
    assert {(part, "active" if key in ACTIVE else "draft") for key, part in CALLS} == missing
    assert (opened.run_id, True, expected.counts, expected.records) == (
        *(report.run_id, report.resumed),
        *(report.counts, report.records),
    )
    for one, two in zip(told(complete, expected.run_id), told(store, opened.run_id), strict=True):
        order = ["record_id", "model", "version"]
        assert one.sort(order).equals(two.sort(order))
    assert complete.runs()[0].counts == store.runs()[0].counts
    store.dispose()


@pytest.mark.parametrize(("low", "outcomes"), [(0, {"error"}), (PART_ROWS, {"ok"})], ids=["from the first", "later"])
def test_what_was_found_of_a_batch_model_holds_for_its_run(low: int, outcomes: set[str]) -> None:
    """Whether a batch model is row-wise is found out on a run's first part, even if only a later one is left."""

    @model(version="1", status="active", batch=True, fields={"number": int})
    def neighbours(leads: pl.DataFrame) -> pl.Series:
        ranked = (BASE + low <= leads["number"]) & (leads["number"] < BASE + PARTS * PART_ROWS)
        return pl.Series(leads["number"].rank()) if ranked.any() else leads["number"].cast(pl.Float64)

    catalog = Catalog([neighbours])
    complete, store, batches = open_store("memory:", Path()), open_store("memory:", Path()), list[Batch]()
    expected = run(job(catalog), store=complete, on_batch=batches.append)
    opened = store.open_run(complete.runs()[0].plan)
    store.write(opened.run_id, 0, "active", replace(batches[0], run_id=opened.run_id), ())
    report = run(job(catalog, resume=True), store=store)
    assert (True, expected.counts) == (report.resumed, report.counts)
    assert outcomes == {outcome for counts in report.counts.values() for outcome in counts} - {"invalid"}
    for one, two in zip(told(complete, str(expected.run_id)), told(store, opened.run_id), strict=True):
        assert one.equals(two)


def test_a_resumed_run_is_judged_as_a_whole() -> None:
    """What failed before the interruption counts against an active model, though this call saw nothing fail."""

    @model(version="1", status="active")
    def early(number: int) -> Any:
        if number < BASE + PART_ROWS:
            raise ValueError
        return number

    store = open_store("memory:", Path())

    def stop(batch: Batch) -> None:
        if batch.part == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job(Catalog([early])), store=store, on_batch=stop)
    assert "interrupted" == store.runs()[0].state
    report = run(job(Catalog([early]), resume=True), store=store)
    assert (True, 20, ("early@1",)) == (report.resumed, report.records, report.degraded)
    assert {"early@1": {"ok": 14, "invalid": 2, "error": 4}} == report.counts
