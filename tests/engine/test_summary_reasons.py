"""The reasons of declared summaries: those of what they stand on."""

from __future__ import annotations

import math
from typing import Any

import pytest

import mlsm
from mlsm._result import Reasons

POINTS = """\
baseline = 5

[[rule]]
field = "employees"
at_least = 100
points = 2

[[rule]]
field = "country"
equals = "DE"
points = 1.5
"""
LEADS: list[dict[str, Any]] = [
    {"id": "1", "employees": 250, "country": "DE", "visits": 1},
    {"id": "2", "employees": 40, "country": "FR", "visits": 9},
    {"id": "3", "employees": 400, "country": "FR", "visits": None},
    {"id": "4", "employees": "many", "country": "FR", "visits": 3},
]
CONVERT = {"points": {"from": [0, 10], "to": [0, 100]}}


@mlsm.model(version="1", status="active", range=(0, 100))
def interest(visits: int | None = None) -> float | None:
    """Count visits; without any number of them it has no answer."""
    return None if visits is None else visits * 10.0


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> mlsm.Model:
    """Give a points table over two fields."""
    path = tmp_path_factory.mktemp("points") / "points.toml"
    path.write_text(POINTS)
    return mlsm.load(path, name="points", version="1", status="active", range=(0, 10))


def summed(rule: str, points: mlsm.Model, **options: Any) -> mlsm.Catalog:
    """Give a catalog with a summary over the two models."""
    options = {"convert": CONVERT} | options
    models = ["points", "interest"]
    return mlsm.Catalog(
        [
            points,
            interest,
            mlsm.summary_of(rule, name="top", version="1", models=models, status="active", options=options),
        ]
    )


def total(reasons: Reasons) -> float:
    """Add up reasons."""
    return math.fsum([reasons.baseline, *(item.contribution for item in reasons.items), reasons.other])


def items(reasons: Reasons | None) -> list[tuple[str, float]]:
    """List fields and contributions."""
    return [] if reasons is None else [(item.field, round(item.contribution, 9)) for item in reasons.items]


@pytest.mark.parametrize("most", [1, 5])
@pytest.mark.parametrize(
    ("rule", "options"),
    [
        ("best", {}),
        ("first", {}),
        ("blend", {"weights": {"points": 3, "interest": 1}}),
        ("blend", {"weights": {"points": 1, "interest": 3}, "missing": "abstain"}),
    ],
    ids=["best", "first", "blend", "blend of all"],
)
def test_reasons_of_a_summary_add_up(points: mlsm.Model, rule: str, options: dict[str, Any], most: int) -> None:
    """Baseline, items and the rest are the summary's own score, by both ways, however short the list."""
    catalog = summed(rule, points, **options)
    together = list(mlsm.score(catalog, LEADS, reasons=most))[2::3]
    alone = [mlsm.score_one(catalog, lead, reasons=most)[-1] for lead in LEADS]
    assert [one.reasons for one in together] == [one.reasons for one in alone]
    for result in together:
        if result.score is None:
            assert result.reasons is None
        else:
            assert result.reasons is not None
            assert len(result.reasons.items) <= most
            assert result.score == pytest.approx(total(result.reasons), abs=1e-6)


def test_the_winners_reasons_are_the_summarys(points: mlsm.Model) -> None:
    """They are moved along with its score: points from 0 to 10 are told from 0 to 100."""
    first, second, third, fourth = list(mlsm.score(summed("best", points), LEADS, reasons=5))[2::3]
    assert first.reasons is not None
    assert (85.0, 50.0) == (first.score, first.reasons.baseline)
    assert [("employees", 20.0), ("country", 15.0)] == items(first.reasons)
    assert second.reasons is not None
    assert second.reasons.approximate
    assert [("employees", 20.0)] == items(third.reasons)
    assert fourth.reasons is not None
    assert ({"points": "invalid"}, 30.0) == (fourth.output["missing"], total(fourth.reasons))


def test_a_blend_tells_what_each_upstream_added(points: mlsm.Model) -> None:
    """Weight times score, exactly; of those without an answer nothing, the others weighing the more."""
    catalog = summed("blend", points, weights={"points": 3, "interest": 1})
    first, _, third, _ = list(mlsm.score(catalog, LEADS, reasons=5))[2::3]
    assert [("points", 63.75), ("interest", 2.5)] == items(first.reasons)
    assert [("points", 70.0)] == items(third.reasons)
    assert first.reasons is not None
    assert (False, "its score, with the weight 3") == (first.reasons.approximate, first.reasons.items[0].text)


def test_without_being_asked_for_there_are_none(points: mlsm.Model) -> None:
    """Reasons cost time, also those of a summary."""
    assert [None] * 4 == [result.reasons for result in list(mlsm.score(summed("best", points), LEADS))[2::3]]


def test_a_probability_that_won_keeps_its_log_odds(tmp_path: Any) -> None:
    """What is told on the scale of a link stays on it: the link leads to the score before it was converted."""
    skops_io = pytest.importorskip("skops.io")
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    skops_io.dump(fitted, tmp_path / "fitted.skops")
    chance = mlsm.load(tmp_path / "fitted.skops", name="chance", version="1", status="active", fields={"visits": float})
    top = mlsm.summary_of(
        "best", name="top", version="1", models=["chance"], status="active", options={"convert": {"chance": 100}}
    )
    below, won = mlsm.score_one(mlsm.Catalog([chance, top]), {"id": "1", "visits": 2}, reasons=3)
    assert won.reasons is not None
    assert below.reasons == won.reasons
    assert won.score == pytest.approx(100 / (1 + math.exp(-total(won.reasons))), abs=1e-6)
