"""Facts about MLflow models of flavours that have a runtime here: they are scored as their libraries score."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
import yaml
from tests.runtimes.boosters import active, by_record, farthest, frame_of, linked, predictor_of, some_records
from tests.runtimes.mlflow.conftest import NUMBERS, TEXTS, Save

import mlsm
from mlsm._model import ArtefactModel
from mlsm.contracts import NoReasonsError
from mlsm.testing import check_runtime

SINGLE_PRECISION = 1e-6
KINDS = ["sklearn", "lightgbm", "xgboost", "onnx"]


@pytest.fixture(scope="module")
def folders(request: pytest.FixtureRequest, save: Save, clients: pd.DataFrame) -> dict[str, tuple[Path, Any]]:
    """Save a model of each flavour; give its folder and what its own library says of every client."""
    fixture = request.getfixturevalue
    pipeline, booster, xgb = fixture("pipeline"), fixture("booster"), fixture("xgb")
    numbers, probabilities = clients[NUMBERS], pipeline.predict_proba(clients)[:, 1]
    few, answer = clients[:50], probabilities[:50]
    return {
        "sklearn": (save("sklearn", pipeline, few, answer, serialization_format="skops"), probabilities),
        "lightgbm": (save("lightgbm", booster, few[NUMBERS], answer), booster.predict(numbers)),
        "xgboost": (save("xgboost", xgb, few[NUMBERS], answer), xgb.predict_proba(numbers)[:, 1]),
        "onnx": (save("onnx", fixture("converted"), few, answer), probabilities),
    }


def handed(model: ArtefactModel, clients: pd.DataFrame) -> pl.DataFrame:
    """Give the clients as the engine hands them over."""
    return frame_of(model, clients[list(model.inputs.names)].to_dict("list"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_client_gets_the_score_of_the_library(folders: Any, clients: pd.DataFrame, kind: str) -> None:
    """All 45,211 clients in one batch."""
    path, expected = folders[kind]
    records = pl.DataFrame(clients.to_dict("list")).with_row_index("id")
    scores = mlsm.score([active(path)], records).frame().get_column("score")
    assert 45_211 == len(scores)
    assert SINGLE_PRECISION > farthest(scores, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_clients_alone_get_it_too(folders: Any, clients: pd.DataFrame, kind: str) -> None:
    """5,000 clients as records of their own, by the fast way of the flavour's runtime."""
    path, expected = folders[kind]
    model = active(path)
    predictor = predictor_of(model)
    assert predictor.single
    assert SINGLE_PRECISION > farthest(by_record(predictor, handed(model, clients[::9])), expected[::9])


@pytest.mark.parametrize("kind", KINDS)
def test_the_runtime_keeps_its_promises(folders: Any, clients: pd.DataFrame, kind: str) -> None:
    """The public suite holds: holes, text for numbers, whole numbers, unseen text, batches of none and one."""
    path, _ = folders[kind]
    check_runtime(lambda: active(path), some_records(clients, 20), tolerance=SINGLE_PRECISION)


@pytest.mark.parametrize("kind", KINDS)
def test_the_signature_becomes_fields(folders: Any, kind: str) -> None:
    """Double is float, string is str; what the signature requires is required, whatever the file would take."""
    inputs = active(folders[kind][0]).inputs
    expected = dict.fromkeys(NUMBERS, "float") | (dict.fromkeys(TEXTS, "str") if kind in ("sklearn", "onnx") else {})
    assert expected == {field.name: str(field.kind) for field in inputs}
    assert all(field.required for field in inputs)


@pytest.mark.parametrize("kind", ["sklearn", "lightgbm", "xgboost"])
def test_reasons_are_those_of_the_runtime(folders: Any, clients: pd.DataFrame, kind: str) -> None:
    """They add up to the score, under the fields of the signature."""
    model = active(folders[kind][0])
    predictor, few = predictor_of(model), handed(model, clients[::500])
    reasons = predictor.explain(few, None)
    assert set(model.inputs.names) == set(reasons.fields)
    assert 1e-6 > farthest(linked(reasons), predictor.columns(few, None))


def test_onnx_gives_no_exact_reasons(folders: Any, clients: pd.DataFrame) -> None:
    """The flavour's runtime has none to hand through."""
    model = active(folders["onnx"][0])
    with pytest.raises(NoReasonsError):
        predictor_of(model).explain(handed(model, clients[:3]), None)


@pytest.mark.parametrize("kind", KINDS)
def test_options_reach_the_runtime(folders: Any, clients: pd.DataFrame, kind: str) -> None:
    """The scale multiplies, and is the end of the range."""
    path, expected = folders[kind]
    model = active(path, scale=100)
    assert (0.0, 100.0) == model.range
    assert 1e-4 > farthest(predictor_of(model).columns(handed(model, clients[:100]), None), 100 * expected[:100])


def test_people_are_told_which_runtime_it_is(folders: Any) -> None:
    """A note names the flavour and the runtime."""
    notes = active(folders["xgboost"][0]).notes
    assert "Its flavour 'xgboost' is run by the runtime 'xgboost', without MLflow." in notes


def test_a_pickled_pipeline_needs_trust(save: Save, pipeline: Any, clients: pd.DataFrame) -> None:
    """A pickle runs code when it is opened: it is opened on trust alone."""
    path = save("sklearn", pipeline, clients[:50], [0.5], serialization_format="cloudpickle")
    with pytest.raises(mlsm.MlsmError, match="trust"):
        active(path)
    model = active(path, trust=True)
    scores = predictor_of(model).columns(handed(model, clients[:100]), None)
    assert 1e-9 > farthest(scores, pipeline.predict_proba(clients[:100])[:, 1])


def test_a_wrapped_booster_goes_by_its_file(save: Save, clients: pd.DataFrame, took: Any) -> None:
    """LightGBM's classifier in a skops file is read as any estimator in one is, its types named."""
    fitted: Any = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(clients[NUMBERS][::9], took[::9])
    path = save("lightgbm", fitted, clients[NUMBERS][:50], [0.5])
    assert "skops" in yaml.safe_load((path / "MLmodel").read_text())["flavors"]["lightgbm"]["data"]
    with pytest.raises(mlsm.MlsmError, match=r"lightgbm\.sklearn\.LGBMClassifier"):
        active(path)
    trust = ["collections.OrderedDict", "lightgbm.basic.Booster", "lightgbm.sklearn.LGBMClassifier"]
    model = active(path, trust=trust)
    scores = predictor_of(model).columns(handed(model, clients[:100]), None)
    assert 1e-9 > farthest(scores, fitted.predict_proba(clients[NUMBERS][:100])[:, 1])


def test_whole_numbers_of_the_signature_are_int(save: Save, booster: Any, clients: pd.DataFrame) -> None:
    """Long is int, and the file's runtime takes it."""
    whole = clients[NUMBERS].astype(np.int64)
    model = active(save("lightgbm", booster, whole[:50], [0.5]))
    assert ["int"] * 3 == [str(field.kind) for field in model.inputs]
    scores = predictor_of(model).columns(handed(model, whole[:100]), None)
    assert 1e-9 > farthest(scores, booster.predict(whole[:100]))


def test_optional_columns_may_be_empty(folders: Any, clients: pd.DataFrame, tmp_path: Path) -> None:
    """A column that the signature does not require is nullable where the model itself takes a missing value."""
    model = active(relaxed(folders["lightgbm"][0], tmp_path))
    assert all(field.nullable for field in model.inputs)
    row = clients[NUMBERS].iloc[0].tolist()
    booster = lightgbm.Booster(model_file=str(tmp_path / "lightgbm" / "model.lgb"))
    assert booster.predict([[np.nan, *row[1:]]])[0] == pytest.approx(predictor_of(model).record(None, *row[1:]))


def test_a_model_that_takes_no_missing_value_stays_strict(folders: Any, tmp_path: Path) -> None:
    """An optional column of a model that cannot do without it is required."""
    assert all(field.required for field in active(relaxed(folders["onnx"][0], tmp_path)).inputs)


def test_boosters_take_columns_by_position(save: Save, clients: pd.DataFrame, took: Any) -> None:
    """A booster fitted on an array does not name its columns: they are the signature's, in their order."""
    data = lightgbm.Dataset(clients[NUMBERS][::3].to_numpy(), took[::3])
    booster = lightgbm.train({"objective": "binary", "verbosity": -1}, data, 5)
    model = active(save("lightgbm", booster, clients[NUMBERS][:50], [0.5]))
    assert NUMBERS == [field.column for field in model.inputs]
    [result] = mlsm.score_one([model], {"id": "1", **clients[NUMBERS].iloc[7].to_dict()})
    assert booster.predict(clients[NUMBERS].iloc[[7]].to_numpy())[0] == pytest.approx(result.score)


def test_a_signature_of_other_columns_is_refused(folders: Any, tmp_path: Path) -> None:
    """Names that only one of the two knows are told."""
    path = copied(folders["xgboost"][0], tmp_path)
    said = (path / "MLmodel").read_text()
    (path / "MLmodel").write_text(said.replace('"name": "age"', '"name": "years"'))
    with pytest.raises(mlsm.DeclarationError) as caught:
        active(path)
    assert ("only the signature names ['years']", "only the file names ['age']") == caught.value.problems


def test_without_a_signature_the_file_tells(save: Save, booster: Any) -> None:
    """A booster names its fields itself, and says that they may be empty."""
    inputs = active(save("lightgbm", booster, None)).inputs
    assert [(name, True) for name in NUMBERS] == [(field.name, field.nullable) for field in inputs]


def test_neither_mlflow_nor_polars_is_loaded_for_one_record(folders: Any) -> None:
    """In a fresh process a record is scored by the flavour's own library alone."""
    script = (
        "import sys; from pathlib import Path; from mlsm._model import ArtefactModel; import mlsm.runtimes.mlflow as m;"
        f"path = Path({str(folders['onnx'][0])!r}); fields = m.describe(path, {{}}).fields;"
        "model = ArtefactModel('m', fields, '1', kind='mlflow', path=path);"
        "print(m.load(model).record(30.0, 0.0, 1.0, 'admin.', 'single'), sorted({'mlflow', 'polars'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.split()[1]


def copied(folder: Path, to: Path) -> Path:
    """Copy a folder, to be changed."""
    made = to / folder.parent.name.rstrip("0123456789")
    made.mkdir()
    for file in folder.iterdir():
        (made / file.name).write_bytes(file.read_bytes())
    return made


def relaxed(folder: Path, to: Path) -> Path:
    """Copy a folder, all columns of its signature optional."""
    path = copied(folder, to)
    said = yaml.safe_load((path / "MLmodel").read_text())
    said["signature"]["inputs"] = said["signature"]["inputs"].replace('"required": true', '"required": false')
    (path / "MLmodel").write_text(yaml.safe_dump(said))
    return path
