"""Summaries are checked over upstreams that answer in every way."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import mlsm
from mlsm._model.rules import summary_of
from mlsm.errors import UnknownNameError
from mlsm.service import check


@mlsm.model(version="1", status="active", range=(0, 100), labels=["A", "B"])
def fit(employees: int) -> Any:
    return {"score": min(100, max(0, employees)), "label": "A"}


@mlsm.model(version="1", status="active")
def recency(days: int) -> float:
    return float(days > 3)


def test_a_clean_summary_has_no_findings() -> None:
    """A summary that copes with what its upstreams may say passes."""

    @mlsm.summary_model(version="1", models=["fit", "recency"], status="active")
    def best(fit: Any, recency: Any) -> Any:
        scores = [seen.score for seen in (fit, recency) if seen.usable and seen.score is not None]
        return max(scores) if scores else None

    assert check([fit, recency, best], ["best"]) == []


@pytest.mark.parametrize("require", [(), ("fit",)], ids=["nothing required", "fit required"])
def test_a_summary_that_trusts_its_upstreams_is_found(require: tuple[str, ...]) -> None:
    """A summary that reckons with a score where there may be none fails the check."""

    @mlsm.summary_model(version="1", models=["fit"], require=require)
    def half(fit: Any) -> Any:
        return fit.score / 2

    (found,) = check([fit, half], ["half"])
    assert "TypeError" in found.what


def test_a_summary_is_asked_within_the_range_of_its_upstream() -> None:
    """Upstreams answer what they declare: a summary may rely on their range and labels."""

    @mlsm.summary_model(version="1", models=["fit"])
    def points(fit: Any) -> Any:
        if fit.score is None or fit.label is None:
            return None
        return [None] * 101 and {"A": 1, "B": 2}[fit.label] * int(fit.score)

    assert check([fit, points], ["points"]) == []


def test_a_summary_by_a_rule_is_checked() -> None:
    """Stand-ins declare what their models do: a rule that compares scores wants to know their range."""
    ranged = mlsm.Model("other", {"x": int}, "1", lambda data, results: 1.0, "active", range=(0, 100))
    best = summary_of("best", name="best", version="1", models=["fit", "other"])

    assert check([fit, ranged, best], ["best"]) == []


def test_a_required_upstream_that_failed_makes_the_summary_skipped() -> None:
    """Being skipped for want of a required result is right, and no finding."""

    @mlsm.summary_model(version="1", models=["fit"], require=["fit"])
    def same(fit: Any) -> Any:
        return fit.score or 0.0

    assert check([fit, same], ["same"]) == []


def test_a_summary_over_summaries_and_versions_is_checked() -> None:
    """Stand-ins take the place of summaries and of exact versions as well."""

    @mlsm.summary_model(version="1", models=["fit"], status="active")
    def first(fit: Any) -> Any:
        return fit.score

    @mlsm.summary_model(version="1", models={"one": "first", "two": "fit@1"}, fields={"vip": bool})
    def second(one: Any, two: Any, vip: bool) -> Any:
        return (one.score or 0) + 1 / vip

    (found,) = check([fit, first, second], ["second"])
    assert "ZeroDivisionError" in found.what


def test_a_summary_in_the_original_style_is_watched() -> None:
    """A summary that reads the results of a model that it does not name is found."""
    told = mlsm.SummaryModel(
        "told",
        [{"name": "fit", "version": "1"}],
        "1",
        lambda data, results: {"score": results["fit"]["1"].get("score", 0), "n": len(results.get("recency", {}))},
    )
    (found,) = check([fit, told], ["told"])

    assert found.check == "undeclared"
    assert "the results of 'recency'" in found.what


def test_a_batch_summary_is_checked() -> None:
    """A summary over a frame of scores is asked whole, split and singly."""

    @mlsm.summary_model(version="1", models=["fit"], batch=True)
    def share(results: pl.DataFrame) -> Any:
        return results["fit.score"].fill_null(0.0) / max(1.0, results["fit.score"].sum() or 0.0)

    assert {finding.check for finding in check([fit, share], ["share"])} == {"rowwise"}


def test_all_models_that_run_are_checked_in_the_order_of_the_catalog() -> None:
    """Without names everything but what is retired is checked."""
    broken = [
        mlsm.Model(name, {"x": int}, "1", lambda data, results: 1 / 0, status)
        for name, status in (("b", "draft"), ("retired", "retired"), ("a", "active"))
    ]

    assert [finding.model for finding in check(broken)] == ["b@1", "a@1"]


@pytest.mark.parametrize("name", ["nobody", "old", "old@1"])
def test_a_name_that_does_not_run_is_refused(name: str) -> None:
    """A check of nothing does not pass."""
    with pytest.raises(UnknownNameError):
        check([fit, mlsm.Model("old", {}, "1", lambda data, results: 1, "retired")], [name])
