"""Facts about how fields fill an ONNX model's tensors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from onnx import helper
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from tests.runtimes.boosters import active, by_record, frame_of, predictor_of
from tests.runtimes.onnx.conftest import NUMBERS, TEXTS, Fitted, convert
from tests.runtimes.onnx.handmade import BOOL, DOUBLE, FLOAT, INT32, INT64, STRING, summing, write

import mlsm
from mlsm.contracts import NoReasonsError

THREE = {"a": float, "b": float, "c": float}


def told(path: Path, **said: Any) -> dict[str, str]:
    """Give the fields of a file as text."""
    return {field.name: f"{field.kind}{'?' if field.nullable else ''}" for field in active(path, **said).inputs}


def adding(path: Path, kinds: Mapping[str, int]) -> Path:
    """Write a model that adds up columns of several types as doubles, a tensor a column."""
    casts = [helper.make_node("Cast", [name], [f"{name} cast"], to=DOUBLE) for name in kinds]
    total = helper.make_node("Sum", [f"{name} cast" for name in kinds], ["Y"])
    inputs = {name: (kind, [None, 1]) for name, kind in kinds.items()}
    return write(path, [*casts, total], inputs, {"Y": (DOUBLE, [None, 1])})


def imputing(path: Path) -> Path:
    """Convert a pipeline that imputes one of its two columns."""
    frame = pd.DataFrame({"age": [1.0, np.nan, 3.0, 4.0], "balance": [4.0, 3.0, 1.0, 0.0]})
    columns = make_column_transformer((SimpleImputer(), ["age"]), remainder="passthrough")
    estimator = make_pipeline(columns, LogisticRegression()).fit(frame, [0, 1, 0, 1])
    return convert(estimator, [(name, FloatTensorType([None, 1])) for name in frame], path, zipmap=False)


def test_tensors_of_one_column_are_fields(logistic: Fitted) -> None:
    """Numbers are float, texts str, all required, in the order of the file."""
    expected = {**dict.fromkeys(NUMBERS, "float"), **dict.fromkeys(TEXTS, "str")}
    assert list(expected.items()) == list(told(logistic.path).items())


def test_each_type_of_tensor_is_filled(tmp_path: Path) -> None:
    """Fractions, whole numbers and flags each reach a tensor of their own type, by both paths."""
    kinds = {"f": FLOAT, "d": DOUBLE, "l": INT64, "i": INT32, "b": BOOL}
    path = adding(tmp_path / "m.onnx", kinds)
    assert {"f": "float", "d": "float", "l": "int", "i": "int", "b": "bool"} == told(path)
    model = active(path)
    rows = [(0.5, 1e-9, 2**40, -7, True), (1.5, 0.0, -1, 2**31 - 1, False)]
    frame, predictor = frame_of(model, rows), predictor_of(model)
    expected = [sum(map(float, row)) for row in rows]
    assert expected == list(predictor.columns(frame, None))  # type: ignore[call-overload]  # an array
    assert expected == by_record(predictor, frame).tolist()


@pytest.mark.parametrize(("row", "kinds"), [((1e39,), {"f": FLOAT}), ((2**31,), {"i": INT32})])
def test_a_number_beyond_its_tensor_is_an_error(tmp_path: Path, row: tuple[Any, ...], kinds: dict[str, int]) -> None:
    """What float32 or int32 cannot hold is no infinity and no other number, but an error of that record."""
    path, [name] = adding(tmp_path / "m.onnx", kinds), kinds
    records = [{"id": "1", name: row[0]}, {"id": "2", name: 1}]
    together = list(mlsm.score([active(path)], records))
    alone = [mlsm.score_one([active(path)], record)[0] for record in records]
    assert [mlsm.Outcome.ERROR, mlsm.Outcome.OK] == [result.outcome for result in together]
    assert [result.error for result in alone] == [result.error for result in together]


def test_a_matrix_needs_its_fields_declared(forest: Fitted) -> None:
    """A matrix does not name its columns."""
    with pytest.raises(mlsm.DeclarationError, match="does not tell its fields"):
        active(forest.path)


@pytest.mark.parametrize("names", ['["a", "b", "c"]', "a, b, c"], ids=["JSON", "commas"])
def test_metadata_names_the_columns_of_a_matrix(tmp_path: Path, names: str) -> None:
    """`feature_names` in the metadata is taken, as JSON or with commas between."""
    path = summing(tmp_path / "m.onnx", metadata={"feature_names": names})
    assert {"a": "float", "b": "float", "c": "float"} == told(path)


def test_metadata_that_does_not_fit_is_left(tmp_path: Path) -> None:
    """Two names for three columns name nothing."""
    path = summing(tmp_path / "m.onnx", metadata={"feature_names": "a, b"})
    assert THREE.keys() == told(path, fields=THREE).keys()


def test_declared_fields_fill_a_matrix_in_their_order(tmp_path: Path) -> None:
    """The first field is the first column; whole numbers and flags are numbers too."""
    node = helper.make_node("Gather", ["X", "place"], ["Y"], axis=1)
    place = helper.make_tensor("place", INT64, [1], [2])
    path = write(tmp_path / "m.onnx", [node], {"X": (FLOAT, [None, 3])}, {"Y": (FLOAT, [None, 1])}, constants=[place])
    model = active(path, fields={"z": int, "y": bool, "x": float})
    assert 4.0 == predictor_of(model).record(1, True, 4.0)


@pytest.mark.parametrize("fields", [{"a": float}, {**THREE, "d": float}], ids=["too few", "too many"])
def test_fields_and_columns_must_be_as_many(tmp_path: Path, fields: dict[str, Any]) -> None:
    """The message tells how many columns each tensor takes."""
    with pytest.raises(mlsm.DeclarationError, match=r"does not fit . fields; its tensors: 'X' takes 3"):
        predictor_of(active(summing(tmp_path / "m.onnx"), fields=fields))


def test_an_open_width_takes_what_is_declared(tmp_path: Path) -> None:
    """A matrix of any width is filled with as many fields as there are."""
    model = active(summing(tmp_path / "m.onnx", width=None), fields={"a": float, "b": float})
    assert 5.0 == predictor_of(model).record(1.0, 2.0)


def test_fields_of_other_kinds_are_refused(tmp_path: Path) -> None:
    """All that do not fit their tensor are named at once."""
    model = active(summing(tmp_path / "m.onnx"), fields={"a": str, "b": float, "c": list[float]})
    with pytest.raises(mlsm.DeclarationError) as caught:
        predictor_of(model)
    assert ["'a' is str", "'c' is list"] == [problem.split(",")[0] for problem in caught.value.problems]


def test_a_whole_number_cannot_be_missing(tmp_path: Path) -> None:
    """An integer tensor has no value for a missing number, unless a default stands in."""
    path = adding(tmp_path / "m.onnx", {"n": INT64})
    with pytest.raises(mlsm.DeclarationError, match="Fields do not fit"):
        predictor_of(active(path, fields={"n": int | None}))


def test_a_field_may_be_empty_where_an_imputer_stands(tmp_path: Path) -> None:
    """The column that is imputed may be missing, the other not."""
    path = imputing(tmp_path / "m.onnx")
    assert {"age": "float?", "balance": "float"} == told(path)
    records = [{"id": "1", "age": None, "balance": 1.0}, {"id": "2", "age": 1.0, "balance": None}]
    together = [result.outcome for result in mlsm.score([active(path)], records)]
    assert [mlsm.Outcome.OK, mlsm.Outcome.INVALID] == together
    model = active(path)
    predictor, rows = predictor_of(model), [(None, 1.0), (8 / 3, 1.0)]
    missing, mean = by_record(predictor, frame_of(model, rows))
    assert mean == pytest.approx(missing, abs=1e-6)


def test_a_missing_text_is_empty_where_it_is_allowed(logistic: Fitted) -> None:
    """A text declared as optional reaches the model as an empty one, which it has never seen."""
    model = active(logistic.path, fields={"job": str | None})
    row = [*(1.0,) * len(NUMBERS), *("married",) * len(TEXTS)]
    place = model.inputs.names.index("job")
    none, empty = ([*row[:place], value, *row[place + 1 :]] for value in (None, ""))
    predictor = predictor_of(model)
    assert predictor.record(*empty) == predictor.record(*none)
    assert [predictor.record(*none)] == pytest.approx(list(predictor.columns(frame_of(model, [none]), None)))  # type: ignore[call-overload]


def test_texts_may_come_as_a_matrix(tmp_path: Path) -> None:
    """Several columns of text in one tensor are filled in their order."""
    encoder = helper.make_node(
        "LabelEncoder", ["T"], ["codes"], domain="ai.onnx.ml", keys_strings=["a", "b"], values_floats=[1.0, 10.0]
    )
    total = helper.make_node("ReduceSumSquare", ["codes"], ["Y"], axes=[1], keepdims=1)
    path = write(tmp_path / "m.onnx", [encoder, total], {"T": (STRING, [None, 2])}, {"Y": (FLOAT, [None, 1])})
    model = active(path, fields={"first": str, "second": str})
    predictor = predictor_of(model)
    assert 101.0 == predictor.record("a", "b")
    assert [101.0, 2.0] == list(predictor.columns(frame_of(model, [("a", "b"), ("a", "a")]), None))  # type: ignore[call-overload]
    assert {"a", "b"} <= {sample[0] for sample in predictor.samples}


def test_a_model_of_one_row_at_a_time_is_asked_so(tmp_path: Path) -> None:
    """A file exported for batches of one scores a frame row by row."""
    model = active(summing(tmp_path / "m.onnx", rows=1), fields=THREE)
    rows = [(1.0, 0.0, 0.0), (0.0, 2.0, 0.0)]
    assert [1.0, 4.0] == list(predictor_of(model).columns(frame_of(model, rows), None))  # type: ignore[call-overload]


@pytest.mark.parametrize("shape", [[2, 3], [None, 3, 4], []], ids=["two rows", "a cube", "a scalar"])
def test_inputs_that_are_no_table_are_refused(tmp_path: Path, shape: list[int | None]) -> None:
    """A tensor that a record's fields cannot fill is named with its shape."""
    node = helper.make_node("Identity", ["X"], ["Y"])
    path = write(tmp_path / "m.onnx", [node], {"X": (FLOAT, shape)}, {"Y": (FLOAT, shape)})
    with pytest.raises(mlsm.DeclarationError, match="expected tensors of numbers or texts, a row a record"):
        active(path, fields=THREE)


@pytest.mark.parametrize("keep", [0, 100, 5_000], ids=["empty", "a hundred bytes", "five thousand bytes"])
def test_a_damaged_file_is_refused(forest: Fitted, tmp_path: Path, keep: int) -> None:
    """A file that was cut off is told to be no ONNX model."""
    path = tmp_path / "cut.onnx"
    path.write_bytes(forest.path.read_bytes()[:keep])
    with pytest.raises(mlsm.InputError, match=r"cut.onnx' cannot be opened as an ONNX model; onnxruntime .* says"):
        active(path, fields=dict.fromkeys(NUMBERS, float))


def test_samples_lie_beside_the_splits(forest: Fitted) -> None:
    """A forest is tried at its splits and just beside them."""
    predictor = predictor_of(active(forest.path, fields=dict.fromkeys(NUMBERS, float)))
    ages = np.array(sorted({sample[0] for sample in predictor.samples}), np.float32)
    beside = [np.isin(np.nextafter(ages, np.float32(end)), ages) for end in (-np.inf, np.inf)]
    assert 3 <= np.sum(beside[0] & beside[1])


@pytest.mark.parametrize("name", ["logistic", "forest"])
def test_threads_do_not_disturb_each_other(request: pytest.FixtureRequest, name: str) -> None:
    """Clients scored one by one in four threads at once get the scores that they get in one."""
    fitted = request.getfixturevalue(name)
    model = active(fitted.path, fields=dict.fromkeys(fitted.rows, float) if name == "forest" else None)
    predictor = predictor_of(model)
    clients = frame_of(model, fitted.rows[:4_000].astype(object).to_dict("list"))
    expected = by_record(predictor, clients)
    with ThreadPoolExecutor(4) as threads:
        parts = list(threads.map(lambda part: by_record(predictor, part), clients.iter_slices(200)))
    assert expected.tolist() == np.concatenate(parts).tolist()


def test_there_are_no_exact_reasons(logistic: Fitted) -> None:
    """A graph of operators does not tell what each field added."""
    model = active(logistic.path)
    predictor = predictor_of(model)
    with pytest.raises(NoReasonsError):
        predictor.explain(frame_of(model, []), None)


def test_one_record_is_scored_without_polars(forest: Fitted) -> None:
    """In a fresh process a record is scored and polars is not loaded."""
    script = (
        "import sys; from pathlib import Path; from mlsm._model import ArtefactModel; import mlsm.runtimes.onnx as o;"
        f"m = ArtefactModel('m', dict.fromkeys({NUMBERS!r}, float), '1', kind='onnx', path=Path({str(forest.path)!r}));"
        "print(o.load(m).record(30.0, 0.0, 1.0, 1.0, -1.0, 0.0), 'polars' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    score, loaded = done.stdout.split()
    assert 0 <= float(score) <= 1
    assert "False" == loaded


def test_a_missing_library_is_named(logistic: Fitted) -> None:
    """Without onnxruntime the extra that brings it is told."""
    script = (
        "import sys; sys.modules['onnxruntime'] = None\nimport mlsm\n"
        f"try:\n    mlsm.load({str(logistic.path)!r}, name='m', version='1')\n"
        "except mlsm.MissingExtraError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "onnxruntime is not installed, which ONNX models need.\nHint: Install the extra mlsm[onnx].\n" == done.stdout


def test_loading_and_failing_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Standard output and the terminal belong to the command line, whatever onnxruntime has to say."""
    model = active(summing(tmp_path / "m.onnx", width=None), fields={"a": float})
    predictor_of(model)
    with pytest.raises(mlsm.InputError):
        active(Path(__file__), kind="onnx")
    assert ("", "") == capfd.readouterr()
