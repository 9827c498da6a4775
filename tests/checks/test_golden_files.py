"""Where golden records lie: beside the file of a model, whatever kind it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

import mlsm
from mlsm._model import ArtefactModel
from mlsm.errors import InputError
from mlsm.service import check
from mlsm.service.golden_files import find_golden
from mlsm.service.golden_writing import write_golden


def _booster(path: Path) -> ArtefactModel:
    x = np.random.default_rng(0).normal(size=(200, 2))
    data = lightgbm.Dataset(x, (x[:, 0] > 0).astype(int), feature_name=["age", "balance"])
    lightgbm.train({"objective": "binary", "verbose": -1, "num_leaves": 4}, data, 5).save_model(str(path))
    return mlsm.load(path, name="propensity", version="1", status="active")


@pytest.mark.parametrize("name", ["propensity.golden.ndjson", "booster.txt.golden.ndjson", "golden.ndjson"])
def test_a_fitted_model_has_golden_records(tmp_path: Path, name: str) -> None:
    """They lie beside its file, under its own name, the file's, or none."""
    model = _booster(tmp_path / "booster.txt")
    (written,) = list(write_golden([model], folder=tmp_path))
    assert ("propensity.golden.ndjson", 16) == (written.file, written.typical)
    (tmp_path / written.file).rename(tmp_path / name)
    assert [] == check([model], folder=tmp_path)

    text = (tmp_path / name).read_text()
    (tmp_path / name).write_text(text.replace('"score": 0.', '"score": 1.', 1))
    (found,) = check([model])
    assert ("golden", True) == (found.check, "booster" in found.what or str(tmp_path) in found.what)


def test_reasons_of_a_fitted_model_are_compared(tmp_path: Path) -> None:
    """Reasons that cost are made where a golden record expects them."""
    model = _booster(tmp_path / "booster.txt")
    line = {"record": {"age": 2.0, "balance": 0.0}, "expect": {"reasons": {"scale": "log_odds", "approximate": False}}}
    wrong = {**line, "expect": {"reasons": {"scale": "score"}}}
    (tmp_path / "propensity.golden.ndjson").write_text(f"{json.dumps(line)}\n{json.dumps(wrong)}\n")
    (found,) = check([model], folder=tmp_path)

    assert "propensity.golden.ndjson:2: reasons 'scale' 'log_odds', expected 'score'." == found.what


def _folder_model(path: Path) -> ArtefactModel:
    path.mkdir()
    (path / "MLmodel").write_text("flavors: {}\n")
    return ArtefactModel("churn", {"x": float}, "1", kind="mlflow", path=path)


def test_a_model_that_is_a_folder_may_ship_golden_records_inside(tmp_path: Path) -> None:
    """They are read inside and beside; written only beside, since the folder's content is its digest."""
    model = _folder_model(tmp_path / "fitted")
    catalog = mlsm.Catalog([model])
    beside = find_golden(catalog, model, tmp_path)
    (tmp_path / "fitted" / "golden.ndjson").write_text('{"record": {"x": 1}, "expect": {"score": 1}}\n')
    inside = find_golden(catalog, model, tmp_path)

    assert (tmp_path / "churn.golden.ndjson", ("fitted/golden.ndjson",), 1) == (
        beside.target,
        inside.files,
        len(inside.records),
    )
    with pytest.raises(InputError, match=r"part of 'churn@1', whose digest it decides; expected it at .*fitted.golden"):
        list(write_golden(catalog, folder=tmp_path, force=True))


def test_a_model_of_no_file_has_no_golden_records() -> None:
    """A model of a session that is in no file says so when it is to be written."""
    code: dict[str, Any] = {"__name__": "nowhere"}
    exec("def one(data, results):\n    return 1.0\n", code)  # noqa: S102 - a function of no file
    model = mlsm.Model("one", {"x": int}, "1", code["one"])

    assert [] == check([model])
    with pytest.raises(InputError, match="'one@1' comes from no file"):
        list(write_golden([model]))


@pytest.mark.parametrize(("name", "file"), [("a/b", "a%2Fb"), (".hidden", "%2Ehidden"), ("größe", "größe")])
def test_a_name_that_is_no_files_name_is_escaped(tmp_path: Path, name: str, file: str) -> None:
    """A model's name never leads out of its folder."""
    model = _folder_model(tmp_path / "fitted")
    named = ArtefactModel(name, {"x": float}, "1", kind="mlflow", path=model.path)

    assert tmp_path / f"{file}.golden.ndjson" == find_golden(mlsm.Catalog([named]), named, tmp_path).target
