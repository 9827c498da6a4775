"""Facts about MLflow models that bring code of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from tests.runtimes.boosters import active, frame_of, predictor_of
from tests.runtimes.mlflow.conftest import Save, unremarked

import mlsm
from mlsm.contracts import NoReasonsError
from mlsm.testing import check_runtime

LEADS = [{"age": 30.0, "job": "admin."}, {"age": 60.5, "job": "retired"}, {"age": 41.0, "job": "student"}]


def answering_by(function: Any) -> Any:
    """Make a model that answers by a function of a frame."""
    with unremarked():
        import mlflow.pyfunc

        class Answering(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]  # no types
            def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # it reads hints
                return function(model_input)

        return Answering()


def signed(columns: dict[str, bool]) -> Any:
    """Make a signature of columns that are called as their types are, each required or not."""
    with unremarked():
        from mlflow.models import ModelSignature
        from mlflow.types import ColSpec, Schema

        return ModelSignature(Schema([ColSpec(kind, kind, required=needed) for kind, needed in columns.items()]))


def doubled(frame: Any) -> Any:
    return frame["age"] * 2


def shares(frame: Any) -> Any:
    return pd.DataFrame({"no": 1 - frame["age"] / 100, "yes": frame["age"] / 100}, index=frame.index)


def grades(frame: Any) -> Any:
    return ["A" if job == "retired" else "B" for job in frame["job"]]


def graded(frame: Any) -> Any:
    return pd.DataFrame({"score": frame["age"], "label": grades(frame)})


def listed(frame: Any) -> Any:
    return [float(age) for age in frame["age"]]


def matrix(frame: Any) -> Any:
    return shares(frame).to_numpy()


@pytest.fixture
def answering(save: Save) -> Any:
    """Save a model that answers by a function, and load it on trust."""

    def made(function: Any, **told: Any) -> Any:
        return active(save("pyfunc", answering_by(function), pd.DataFrame(LEADS)), trust=True, **told)

    return made


def seen(model: Any) -> list[tuple[float | None, str | None]]:
    """Score the leads together, having seen that each alone gets the same."""
    records = [{"id": str(place), **lead} for place, lead in enumerate(LEADS)]
    together = [(result.score, result.label) for result in mlsm.score([model], records)]
    catalog = mlsm.Catalog([model])
    alone = [mlsm.score_one(catalog, record)[0] for record in records]
    assert together == [(result.score, result.label) for result in alone]
    return together


@pytest.mark.parametrize(
    ("function", "told", "expected"),
    [
        (doubled, {}, [(60.0, None), (121.0, None), (82.0, None)]),
        (doubled, {"scale": 0.5}, [(30.0, None), (60.5, None), (41.0, None)]),
        (listed, {}, [(30.0, None), (60.5, None), (41.0, None)]),
        (matrix, {}, [(0.3, None), (0.605, None), (0.41, None)]),
        (matrix, {"class": "0", "scale": -100}, [(-70.0, None), (-39.5, None), (-59.0, None)]),
        (shares, {"tensor": "yes"}, [(0.3, None), (0.605, None), (0.41, None)]),
        (grades, {}, [(None, "B"), (None, "A"), (None, "B")]),
        (graded, {}, [(30.0, "B"), (60.5, "A"), (41.0, "B")]),
    ],
    ids=["Series", "scaled", "list", "matrix", "first column", "named column", "texts", "score and label"],
)
def test_answers_of_any_shape_are_read(answering: Any, function: Any, told: Any, expected: Any) -> None:
    """A Series, a list, a column of a matrix or of a frame is the score; texts are labels."""
    found = seen(answering(function, **told))
    assert [label for _, label in expected] == [label for _, label in found]
    assert [score for score, _ in expected] == [None if s is None else pytest.approx(s) for s, _ in found]


def test_it_is_loaded_on_trust_alone(save: Save) -> None:
    """Without the option trust nothing of it runs."""
    path = save("pyfunc", answering_by(doubled), pd.DataFrame(LEADS))
    with pytest.raises(mlsm.DeclarationError, match="runs code of its own"):
        active(path)


def test_an_answer_of_several_columns_needs_a_choice(save: Save) -> None:
    """The columns are those of the signature; a name that is none of them is refused too."""
    rows = pd.DataFrame(LEADS)
    path = save("pyfunc", answering_by(shares), rows, shares(rows))
    for told in ({}, {"tensor": "maybe"}):
        with pytest.raises(mlsm.DeclarationError, match="answers with the columns 'no', 'yes'"):
            active(path, trust=True, **told)


def test_every_type_of_a_signature_is_handed_over(save: Save) -> None:
    """Columns reach the model as MLflow's check of its signature takes them, the narrow ones narrow."""
    kinds = ["double", "float", "long", "integer", "string", "boolean", "datetime"]
    signature = signed({kind: kind in ("long", "integer") for kind in kinds})
    path = save("pyfunc", answering_by(typed), None, signature=signature)
    model = active(path, trust=True)
    assert ["float", "float", "int", "int", "str", "bool", "datetime"] == [str(field.kind) for field in model.inputs]
    clock = datetime(2026, 1, 1, tzinfo=UTC)
    frame = frame_of(model, [(0.5, 1.5, 3, 4, "x", True, clock), (None, None, 3, 4, None, None, None)])
    assert [7.0, 0.0] == list(predictor_of(model).columns(frame, None))  # type: ignore[call-overload]  # an array


def typed(frame: Any) -> Any:
    """Count the values that are there and of their type."""
    expected = [float, float, int, int, str, bool, pd.Timestamp]
    complete = frame.notna().all(axis=1)
    narrow = (str(frame["float"].dtype), str(frame["integer"].dtype)) == ("float32", "int32")
    plain = frame.astype(object)
    count = sum(isinstance(value, kind) for value, kind in zip(plain.iloc[0], expected, strict=True))
    return [float(count if narrow else -1) if whole else 0.0 for whole in complete]


@pytest.mark.parametrize(("texts", "expected"), [(False, [2.0, 1.0, 2.0]), (True, ["2", "1", "2"])])
def test_a_whole_number_may_be_left_out(save: Save, texts: bool, expected: list[Any]) -> None:
    """MLflow knows no whole number that is missing: for records without it the column is not handed over."""

    def counting(frame: Any) -> Any:
        return [str(len(frame.columns)) if texts else float(len(frame.columns))] * len(frame)

    path = save("pyfunc", answering_by(counting), None, signature=signed({"double": True, "long": False}))
    records = [{"id": str(place), "double": 1, "long": value} for place, value in enumerate([2, None, 0])]
    results = mlsm.score([active(path, trust=True)], records)
    assert expected == [result.label if texts else result.score for result in results]


def test_a_model_that_raises_fails_its_record(answering: Any) -> None:
    """The rest keep their scores."""
    records = [{"id": str(place), **lead} for place, lead in enumerate(LEADS)]
    outcomes = [result.outcome for result in mlsm.score([answering(choosy)], records)]
    assert [mlsm.Outcome.OK, mlsm.Outcome.OK, mlsm.Outcome.ERROR] == outcomes


def choosy(frame: Any) -> Any:
    if "student" in set(frame["job"]):
        raise ValueError("no students")
    return frame["age"]


def test_there_are_no_exact_reasons(answering: Any) -> None:
    """Code of any kind does not tell what each field added."""
    predictor = predictor_of(answering(doubled))
    with pytest.raises(NoReasonsError):
        predictor.explain(pl.DataFrame(LEADS), None)


def test_the_runtime_keeps_its_promises(answering: Any) -> None:
    """The public suite holds: holes, text for numbers, whole numbers, unseen text, batches of none and one."""
    model = answering(doubled)
    check_runtime(lambda: active(model.path, trust=True), LEADS)


def test_one_record_is_asked_with_a_frame(answering: Any) -> None:
    """The path says so."""
    predictor = predictor_of(answering(doubled))
    assert not predictor.single
    assert "MLflow's pyfunc is asked with a frame of one row, since it takes nothing else." == predictor.path


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "MLmodel").unlink(), "There is no file 'MLmodel'"),
        (lambda folder: (folder / "MLmodel").write_text("flavors: ["), "cannot be read as MLflow's"),
        (lambda folder: (folder / "MLmodel").write_text("run_id: 7"), "it names no flavors"),
        (lambda folder: (folder / "MLmodel").write_text("flavors: {spark: {}}"), "has the flavours 'spark'"),
        (lambda folder: (folder / "python_model.pkl").write_bytes(b"no"), "cannot be loaded"),
        (
            lambda folder: (folder / "MLmodel").write_text("flavors: {onnx: {data: ../other.onnx}}"),
            "has no file '../other.onnx'",
        ),
        (
            lambda folder: (folder / "MLmodel").write_text(
                'flavors: {python_function: {}}\nsignature: {inputs: \'[{"name": "photo", "type": "binary"}]\'}'
            ),
            "'photo' is binary",
        ),
    ],
    ids=["no file", "no YAML", "no flavours", "another flavour", "a damaged pickle", "a file elsewhere", "binary"],
)
def test_a_damaged_folder_is_refused(save: Save, tmp_path: Path, spoil: Any, message: str) -> None:
    """What is wrong with it is told."""
    folder = tmp_path / "model"
    shutil.copytree(save("pyfunc", answering_by(doubled), pd.DataFrame(LEADS)), folder)
    (tmp_path / "other.onnx").write_bytes(b"")
    spoil(folder)
    with pytest.raises(mlsm.MlsmError, match=message):
        predictor_of(active(folder, kind="mlflow", trust=True))


@pytest.mark.parametrize(("library", "named"), [("mlflow", "mlflow"), ("yaml", "PyYAML")])
def test_a_missing_library_is_named(answering: Any, library: str, named: str) -> None:
    """Without it the extra that brings it is told, in a fresh process."""
    path = str(answering(doubled).path)
    script = (
        f"import sys; sys.modules[{library!r}] = None\nimport mlsm\n"
        f"try:\n    mlsm.score_one([mlsm.load({path!r}, name='m', version='1', trust=True, status='active')], "
        "{'id': '1', 'age': 1, 'job': 'x'})\n"
        "except mlsm.MissingExtraError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert named in done.stdout
    assert "Install the extra mlsm[mlflow]." in done.stdout


def test_loading_and_scoring_prints_nothing(answering: Any) -> None:
    """In a fresh process where warnings are errors MLflow is loaded and asked without a word."""
    path = str(answering(doubled).path)
    script = (
        f"import mlsm; [r] = mlsm.score_one([mlsm.load({path!r}, name='m', version='1', trust=True, status='active')], "
        "{'id': '1', 'age': 1, 'job': 'x'}); print(r.score)"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ("2.0\n", "") == (done.stdout, done.stderr)
