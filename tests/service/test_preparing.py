"""A model's own way to one record is used where it is right, and refused where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlsm
from mlsm._model import ArtefactModel
from mlsm.runtimes import RUNTIMES
from mlsm.service import prepared


@pytest.fixture
def catalog(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> mlsm.Catalog:
    """Give a catalog of one model of a runtime that the dictionary of runtimes names."""
    monkeypatch.setitem(RUNTIMES, "planted", "tests.service.planted")
    file = tmp_path / "double.planted"
    file.write_text("2")
    model = ArtefactModel(
        "double", {"x": float}, "1", kind="planted", path=file, options={"wrong": request.param}, status="active"
    )
    return mlsm.Catalog([model])


@pytest.mark.parametrize("catalog", [-1.0], indirect=True, ids=["right"])
def test_a_way_that_is_right_is_used(catalog: mlsm.Catalog) -> None:
    """It agrees on every sample."""
    (step,) = prepared(catalog).steps
    assert "It is scored by its own way." == step.predictor.path


@pytest.mark.parametrize("catalog", [2.0], indirect=True, ids=["wrong"])
def test_a_planted_wrong_way_is_refused(catalog: mlsm.Catalog) -> None:
    """One sample comes out otherwise: the columns answer for single records, and it is said why."""
    (step,) = prepared(catalog).steps
    assert "refused: it answered 4.5 instead of 4.0 for {'x': 2.0}" in step.predictor.path
    (result,) = mlsm.score_one(catalog, {"id": "1", "x": 2.0})
    assert 4.0 == result.score
    (told,) = mlsm.score_one(catalog, {"id": "1", "x": 2.0}, reasons=1)
    assert told.reasons is not None
    assert [4.0] == [item.contribution for item in told.reasons.items]
