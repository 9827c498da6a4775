"""Runtimes keep their promises on every rung: one suite, one set of ids, every kind of model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from tests.runtimes.isolated import bad
from tests.runtimes.onnx.handmade import summing

import mlsm
from mlsm.testing import check_runtime

Load: TypeAlias = "Callable[[Mapping[str, Any]], mlsm.Model]"
"""Loads a model on the rung that the options say."""
Records: TypeAlias = Sequence[Mapping[str, Any]]

LEADS = [{"employees": 5 * n, "country": c, "title": "CEO"} for n, c in enumerate(("DE", "FR", "US", "DE"), 1)]
RUNGS = ("inline", "process", "env")
POINTS = """
[[rule]]
field = "a"
at_least = 0.5
points = 30

[[rule]]
field = "b"
below = 0.0
points = 12.5
"""


def _numbers() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], Records]:
    columns = np.random.default_rng(7).normal(size=(300, 3))
    follows = (columns[:, 0] > 0).astype(int)
    return columns, follows, [dict(zip("abc", map(float, row), strict=True)) for row in columns[:6].round(2)]


def _function(_: Path) -> tuple[Load, Records]:
    return lambda on: bad.told.with_isolation(**on), LEADS


def _frames(_: Path) -> tuple[Load, Records]:
    return lambda on: bad.framed.with_isolation(**on), LEADS


def _file(path: Path, **said: Any) -> Load:
    def load(on: Mapping[str, Any]) -> mlsm.Model:
        model: Any = mlsm.load(path, name="fitted", version="1", **said, **on)
        return model  # type: ignore[no-any-return]  # it has a name, so it is one

    return load


def _scorecard(folder: Path) -> tuple[Load, Records]:
    file = folder / "points.toml"
    file.write_text(POINTS)
    return _file(file, fields={"a": float, "b": float | None}), [{"a": r["a"], "b": r["b"]} for r in _numbers()[2]]


def _lightgbm(folder: Path) -> tuple[Load, Records]:
    lgb = pytest.importorskip("lightgbm")
    columns, follows, records = _numbers()
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 1}
    lgb.train(options, lgb.Dataset(columns, follows, feature_name=["a", "b", "c"]), 8).save_model(folder / "b.txt")
    return _file(folder / "b.txt"), records


def _xgboost(folder: Path) -> tuple[Load, Records]:
    xgb = pytest.importorskip("xgboost")
    columns, follows, records = _numbers()
    data = xgb.DMatrix(columns, follows, feature_names=["a", "b", "c"])
    xgb.train({"objective": "binary:logistic", "nthread": 1, "max_depth": 3}, data, 8).save_model(folder / "b.json")
    return _file(folder / "b.json"), records


def _sklearn(folder: Path) -> tuple[Load, Records]:
    pytest.importorskip("sklearn")
    import pandas as pd
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    columns, follows, records = _numbers()
    fitted = make_pipeline(StandardScaler(), LogisticRegression())
    fitted.fit(pd.DataFrame(columns, columns=["a", "b", "c"]), follows)
    skops.io.dump(fitted, folder / "p.skops")
    return _file(folder / "p.skops"), records


def _onnx(folder: Path) -> tuple[Load, Records]:
    pytest.importorskip("onnxruntime")
    return _file(summing(folder / "s.onnx"), fields={"a": float, "b": float, "c": float}), _numbers()[2]


KINDS: dict[str, tuple[Callable[[Path], tuple[Load, Records]], float]] = {
    "function": (_function, 1e-9),
    "frames": (_frames, 1e-9),
    "scorecard": (_scorecard, 1e-9),
    "lightgbm": (_lightgbm, 1e-9),
    "xgboost": (_xgboost, 1e-6),
    "sklearn": (_sklearn, 1e-9),
    "onnx": (_onnx, 1e-6),
}
"""Every kind of model: how it is made, and how near its scores must be."""


def _cases() -> Iterator[Any]:
    """Give every kind on every rung; each check starts a process anew, so that most of them take their time."""
    for kind in KINDS:
        for rung in RUNGS:
            quick = rung == "inline" or kind in {"function", "frames"}
            yield pytest.param(kind, rung, id=f"{kind}-{rung}", marks=[] if quick else [pytest.mark.chaos])


@pytest.mark.parametrize(("kind", "rung"), list(_cases()))
def test_a_runtime_keeps_its_promises_on_every_rung(
    kind: str, rung: str, other_python: Path, library_python: Path, tmp_path: Path
) -> None:
    """One model of each kind passes every check of the suite; a function of one record needs msgspec alone."""
    make, tolerance = KINDS[kind]
    load, records = make(tmp_path)
    python = other_python if kind == "function" else library_python
    on = {"isolation": rung, "python": python if rung == "env" else None}
    check_runtime(lambda: load(on), records, tolerance=tolerance)


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
