"""Reasons on request: cut to the greatest, estimated where a model gives none."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

import msgspec
import numpy as np
import polars as pl
import pytest

import mlsm
from mlsm._result import Reasons
from mlsm.contracts import Reasoned
from mlsm.engine.reasons import _texts
from mlsm.testing import assert_same, check_runtime

LEADS: list[dict[str, Any]] = [
    {"id": "1", "employees": 250, "country": "DE"},
    {"id": "2", "employees": 40, "country": "FR"},
    {"id": "3", "employees": "many", "country": "FR"},
]


@mlsm.model(version="1", status="active")
def fit(employees: int, country: str, title: str | None = None) -> float:
    """Add up points: its reasons can only be found by asking again."""
    return employees / 10 + (5.0 if country == "DE" else 1.0) + (2.0 if title else 0.0)


@mlsm.model(version="1", status="active")
def told(employees: int) -> Mapping[str, Any]:
    """Tell its reasons itself."""
    items = [
        {"field": "employees", "contribution": 1.0},
        {"field": "country", "contribution": -7.0},
        {"field": "title", "contribution": 3.0},
    ]
    return {"score": 2.0, "reasons": {"baseline": 5.0, "items": items}}


def test_each_field_is_taken_away_in_turn() -> None:
    """An estimate says what the score lost, against which value, the greatest loss first."""
    first, second, third = mlsm.score([fit], LEADS, reasons=5)
    assert first.reasons is not None
    assert second.reasons is not None
    assert [("employees", 25.0, "compared with 0"), ("country", 4.0, "compared with nothing")] == [
        (item.field, item.contribution, item.text) for item in first.reasons.items
    ]
    assert (True, 1.0, 0.0) == (first.reasons.approximate, first.reasons.baseline, first.reasons.other)
    assert ["employees"] == [item.field for item in second.reasons.items]
    assert third.reasons is None


def test_reasons_beyond_the_limit_go_into_other() -> None:
    """The sum stays, however short the list."""
    (result,) = mlsm.score([told], LEADS[:1], reasons=1)
    assert result.reasons is not None
    assert (["country"], 4.0) == ([item.field for item in result.reasons.items], result.reasons.other)


def test_a_models_own_reasons_stay_unasked() -> None:
    """Without a request they are kept whole, and nothing is estimated."""
    catalog = mlsm.Catalog([fit, told])
    estimated, own = mlsm.score(catalog, LEADS[:1])
    assert estimated.reasons is None
    assert own.reasons is not None
    assert 3 == len(own.reasons.items)


def test_one_record_gets_the_same_reasons() -> None:
    """One lead alone is told what it is told among others."""
    catalog = mlsm.Catalog([fit, told])
    alone = [result for lead in LEADS for result in mlsm.score_one(catalog, lead, reasons=2)]
    assert_same(mlsm.score(catalog, LEADS, reasons=2), alone, exact=True)


def test_frames_are_asked_again_too() -> None:
    """A function of frames is estimated by columns, the joint effect going into other."""

    @mlsm.model(version="1", status="active", batch=True, fields={"a": float, "b": float})
    def product(leads: pl.DataFrame) -> pl.Series:
        return leads["a"] * leads["b"]

    (result,) = mlsm.score([product], [{"id": "1", "a": 3.0, "b": 4.0}], reasons=2)
    assert result.reasons is not None
    assert [12.0, 12.0] == [item.contribution for item in result.reasons.items]
    assert -12.0 == result.reasons.other


def test_a_summary_is_not_estimated() -> None:
    """What it stands on tells why; the summary has the reasons that it gives, or none."""

    @mlsm.summary_model(version="1", status="active", models=["fit"])
    def best(fit: Any) -> float:
        return float(fit.score)

    assert [True, False] == [result.reasons is not None for result in mlsm.score([fit, best], LEADS[:1], reasons=2)]


def test_a_model_that_fails_when_asked_again_keeps_its_score() -> None:
    """A score stands, though nobody can tell why; without the field the model would raise."""

    @mlsm.model(version="1", status="active")
    def picky(employees: int) -> float:
        return math.log(employees)

    result = mlsm.score_one(mlsm.Catalog([picky]), {"id": "1", "employees": 1}, reasons=1)[0]
    assert (0.0, mlsm.Outcome.OK) == (result.score, result.outcome)


@pytest.mark.parametrize("reasons", [0, 3])
def test_every_type_of_field_has_a_value_to_compare_with(reasons: int) -> None:
    """Dates, flags, choices, lists and objects are taken away as well as numbers."""

    @mlsm.model(version="1", status="active")
    def wide(day: date, flag: bool, kind: Literal["a", "b"], tags: list[str], more: dict[str, int]) -> float:
        return 1.0 + flag + len(tags or ()) + len(more or {}) + (kind == "b")

    record = {"id": "1", "day": "2026-01-01", "flag": True, "kind": "b", "tags": ["x"], "more": {"n": 1}}
    (result,) = mlsm.score([wide], [record], reasons=reasons)
    assert 5.0 == result.score


def test_functions_pass_the_conformance_suite() -> None:
    """What every runtime must do, functions do."""
    check_runtime(lambda: fit, [{"employees": n, "country": c, "title": "CEO"} for n, c in ((5, "DE"), (70, "FR"))])


def test_points_are_written_as_other_reasons_are() -> None:
    """What is written a rule at a time says the same as what is written a record at a time."""
    draw = np.random.default_rng(1)
    points = (5.0, -7.5, 0.1, 5.0, 30.0)
    matrix = np.where(draw.random((50, 5)) < 0.5, points, 0.0)
    told = Reasoned(
        fields=("a", "b", "c", "d", 'e"'), contributions=matrix, baseline=2.5, texts=("one", None, "3", "4", "5")
    )
    scores = pl.Series(matrix.sum(axis=1) + 2.5)
    bound = (*points[:4], math.nan)  # as of a cap, that takes something of some records only
    for most, known in itertools.product((1, 2, 5, 10_000), (points, bound)):
        quick = _texts(replace(told, points=known), scores, most).to_list()
        slow = _texts(told, scores, most).to_list()
        for one, other in zip(quick, slow, strict=True):
            found, expected = (msgspec.json.decode(text, type=Reasons) for text in (one, other))
            assert (found.items, found.baseline) == (expected.items, expected.baseline)
            assert found.other == pytest.approx(expected.other, abs=1e-9)


def test_where_no_rule_holds_for_anybody_every_record_has_reasons_without_items() -> None:
    """A part of leads of whom nothing that the table asks is true is no trouble."""
    told = Reasoned(fields=("a", "b"), contributions=np.zeros((3, 2)), baseline=2.5, points=(5.0, -1.0))
    found = _texts(told, pl.Series([2.5] * 3), 2).to_list()
    assert [Reasons(baseline=2.5)] * 3 == [msgspec.json.decode(text, type=Reasons) for text in found]


def test_equal_reasons_stand_in_the_order_of_the_fields_however_many_are_asked_for() -> None:
    """A shorter list is the beginning of the longer one; the last bits of a sum do not count."""
    draw = np.random.default_rng(2)
    matrix = draw.choice([0.0, 0.3, 0.1 + 0.2, -0.3, 0.1, 2.0], (200, 12))
    told = Reasoned(fields=tuple("abcdefghijkl"), contributions=matrix, baseline=0.0)
    scores = pl.Series(matrix.sum(axis=1))

    def named(most: int) -> list[list[str]]:
        texts = _texts(told, scores, most).to_list()
        return [[item.field for item in msgspec.json.decode(text, type=Reasons).items] for text in texts]

    sizes = np.round(np.abs(matrix), 6).tolist()
    expected = [
        [told.fields[place] for place in sorted(range(12), key=lambda place: -row[place]) if row[place]]
        for row in sizes
    ]
    for most in (1, 2, 5, 12):
        assert [names[:most] for names in expected] == named(most)
