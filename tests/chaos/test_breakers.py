"""A model that fails most of the time, among good ones: they keep their results, and the run its speed."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import polars as pl
import pytest

import mlsm
from mlsm import Breaker, Failing, Model

LEADS = 20_000
PART_ROWS = 5_000
CALLS: Counter[str] = Counter()
"""Calls of the bad models in this process, by name."""


@mlsm.model(version="1", status="active")
def half(x: int) -> float:
    return x / 2


@mlsm.model(version="1", status="active")
def grade(x: int) -> dict[str, Any]:
    return {"score": float(x % 100), "label": "A" if x % 100 > 50 else "B"}


@mlsm.summary_model(version="1", models=["half", "grade"], status="active")
def best(half: mlsm.Upstream, grade: mlsm.Upstream) -> float:
    return max(half.score or 0.0, grade.score or 0.0)


@mlsm.model(version="1")
def mostly(x: int) -> float:
    """Fail for three of four leads, slowly enough that to call it for all would be noticed."""
    CALLS["mostly"] += 1
    if x % 4:
        time.sleep(0.001)
        raise ConnectionError("the service is away")
    return 1.0


@mlsm.model(version="1", status="active")
def junk(x: int) -> Any:
    CALLS["junk"] += 1
    return {"score": "much"}


@mlsm.model(version="1", fields={"x": int}, batch=True)
def frames(frame: pl.DataFrame) -> Any:
    CALLS["frames"] += 1
    raise RuntimeError("no library")


@mlsm.model(version="1")
def away(x: int) -> float:
    """Fail for three of four leads, uncounted: a count would be a part of the digest."""
    if x % 4:
        raise ConnectionError("the service is away")
    return 1.0


@mlsm.model(version="1", status="active")
def words(x: int) -> Any:
    return {"score": "much"}


GOOD = (half, grade, best)
BAD = (mostly, junk, frames)


def leads(rows: int = LEADS) -> pl.DataFrame:
    return pl.DataFrame({"id": pl.int_range(rows, eager=True).cast(pl.String), "x": pl.int_range(rows, eager=True)})


def scored(models: tuple[Model, ...], workers: int = 0) -> mlsm.Scores:
    return mlsm.score(models, leads(), part_rows=PART_ROWS, workers=workers)


def frame_of(scores: mlsm.Scores, *models: Model) -> pl.DataFrame:
    keys = [model.name for model in models]
    return scores.frame().filter(pl.col("model").is_in(keys)).drop("run_id", "as_of", "scored_at")


def test_good_models_keep_their_results_and_bad_ones_are_spared() -> None:
    """The good ones' results are bit for bit those of a run without the bad, whose calls are few."""
    CALLS.clear()

    scores = scored((*GOOD, *BAD))

    assert frame_of(scores, *GOOD).equals(frame_of(scored(GOOD), *GOOD))
    parts = LEADS // PART_ROWS
    # More than half of 200 calls of a draft: 101 failures come after 135 calls where three of four fail.
    assert CALLS["mostly"] == parts * 135
    assert CALLS["junk"] <= parts * 512 + 1  # its answers are read 512 at a time, before it is called again
    assert CALLS["frames"] < parts * 400
    counts = {key: {str(outcome): n for outcome, n in of.items()} for key, of in scores.counts().items()}
    assert counts["mostly@1"] == {"ok": parts * 34, "error": parts * 101, "skipped": LEADS - parts * 135}
    assert counts["junk@1"] == {"error": parts * 501, "skipped": LEADS - parts * 501}
    assert counts["frames@1"] == {"error": parts * 101, "skipped": LEADS - parts * 101}
    assert scores.report.degraded == ("junk@1",)


def test_what_a_breaker_comes_to_does_not_depend_on_the_workers() -> None:
    """A part is the memory of a breaker: one process or two, the same leads are skipped."""
    models = (*GOOD, away, words)
    alone = frame_of(scored(models), *models)
    assert frame_of(scored(models, workers=2), *models).equals(alone)


@pytest.mark.parametrize("status", ["active", "draft"])
def test_what_stands_in_does_not_depend_on_the_workers(status: str) -> None:
    """A declared value stands in for what failed and for what was spared, in whatever process."""
    failing = Failing(on_failure="default", score=7.0, breaker=Breaker(window=100))
    models = (*GOOD, away.with_status(status).with_failing(failing))
    alone = frame_of(scored(models), *models)
    assert frame_of(scored(models, workers=2), *models).equals(alone)
    stood_in = alone.filter(pl.col("substitute").is_not_null()).height
    assert stood_in == (0 if status == "draft" else alone.filter(pl.col("outcome").is_in(["error", "skipped"])).height)
