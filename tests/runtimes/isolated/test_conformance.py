"""Runtimes keep their promises on every rung: one suite, one set of ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.runtimes.isolated import bad

import mlsm
from mlsm.testing import check_runtime

RECORDS = [{"employees": 5 * n, "country": c, "title": "CEO"} for n, c in enumerate(("DE", "FR", "US", "DE"), 1)]


def on(model: mlsm.Model, rung: str, python: Path) -> mlsm.Model:
    """Give the model on a rung."""
    return model.with_isolation(rung, python=python if rung == "env" else None)


@pytest.mark.parametrize("rung", ["inline", "process", "env"])
def test_functions_answer_alike(rung: str, other_python: Path) -> None:
    """A function of one record, over all checks of the suite."""
    check_runtime(lambda: on(bad.told, rung, other_python), RECORDS)


@pytest.mark.parametrize("rung", ["inline", "process"])
def test_functions_of_frames_answer_alike(rung: str, other_python: Path) -> None:
    """A function of frames, over all checks of the suite."""
    check_runtime(lambda: on(bad.framed, rung, other_python), RECORDS)


@pytest.mark.parametrize("rung", ["inline", "process"])
def test_boosters_answer_alike(rung: str, tmp_path: Path) -> None:
    """A file of LightGBM, over all checks of the suite, exact reasons among them."""
    lgb = pytest.importorskip("lightgbm")
    import numpy as np

    rng = np.random.default_rng(7)
    columns = rng.normal(size=(300, 3))
    data = lgb.Dataset(columns, (columns[:, 0] > 0).astype(int), feature_name=["a", "b", "c"])
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 1}
    file = tmp_path / "booster.txt"
    lgb.train(options, data, 8).save_model(file)
    records = [dict(zip("abc", map(float, row), strict=True)) for row in columns[:6].round(2)]

    def load() -> Any:
        model: Any = mlsm.load(file, name="booster", version="1", isolation=rung)
        return model

    check_runtime(load, records)


def test_a_condition_of_a_file_is_asked_here(tmp_path: Path) -> None:
    """It may stand in a script that no other process could import; the file's own digest is compared."""
    lgb = pytest.importorskip("lightgbm")
    import numpy as np

    columns = np.random.default_rng(7).normal(size=(300, 2))
    data = lgb.Dataset(columns, (columns[:, 0] > 0).astype(int), feature_name=["a", "b"])
    file = tmp_path / "booster.txt"
    lgb.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, 4).save_model(file)
    model = mlsm.load(file, name="booster", version="1", isolation="process", when=lambda a: a > 0)
    records = [{"a": 1.0, "b": 0.5}, {"a": -1.0, "b": 0.5}]
    outcomes = [str(result.outcome) for result in mlsm.score([model], records, id=None)]
    assert ["ok", "abstained"] == outcomes
