"""Facts about files that are damaged or something else: a clear refusal, before XGBoost reads beyond its memory."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xgboost as xgb
from tests.runtimes.boosters import active, made_up, predictor_of

import mlsm
from mlsm.errors import DeclarationError, InputError, MissingExtraError
from mlsm.runtimes._xgboost_ubj import read_ubj


def first_tree(told: Any) -> Any:
    """Give the first tree of a document."""
    return told["learner"]["gradient_booster"]["model"]["trees"][0]


@pytest.fixture
def document(few_columns_file: Path) -> Any:
    """Give a model as JSON's own values."""
    return json.loads(xgb.Booster(model_file=few_columns_file).save_raw("json"))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(few_columns_file: Path, tmp_path: Path, share: float) -> None:
    """However much of it is left, as UBJ or JSON, the message says that it is damaged and what to do."""
    booster = xgb.Booster(model_file=few_columns_file)
    for ending in ("ubj", "json"):
        raw = booster.save_raw(ending)
        (tmp_path / f"cut.{ending}").write_bytes(raw[: int(len(raw) * share)])
        with pytest.raises(InputError, match="is no model of XGBoost's, or damaged: ") as caught:
            active(tmp_path / f"cut.{ending}")
        assert 'Hint: Save it again with `booster.save_model("model.ubj")`' in str(caught.value)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda told: first_tree(told)["left_children"].__setitem__(0, 0), "a node of tree 0 leads to 0"),
        (lambda told: first_tree(told)["right_children"].__setitem__(0, 10**6), "leads to 1000000"),
        (lambda told: first_tree(told)["split_indices"].__setitem__(0, 99), "asks for a feature that is not there"),
        (lambda told: first_tree(told)["parents"].pop(), "tree 0 is not whole"),
        (lambda told: first_tree(told)["categories_sizes"].__setitem__(0, 10**6), "not as many as it says"),
        (lambda told: first_tree(told)["categories"].__setitem__(0, -1), "a category that cannot be"),
        (lambda told: first_tree(told)["tree_param"].update(size_leaf_vector="4"), "its leaves hold 4 numbers"),
        (lambda told: first_tree(told).pop("left_children"), "left_children"),
        (lambda told: told["learner"]["feature_names"].pop(), "differ in number"),
        (lambda told: told["learner"]["gradient_booster"]["model"]["trees"].pop(), "it promises 6 trees and holds 5"),
        (
            lambda told: told["learner"]["gradient_booster"]["model"]["tree_info"].__setitem__(0, 3),
            "adds to a number that is not there",
        ),
        (lambda told: told.pop("learner"), "learner"),
    ],
)
def test_numbers_out_of_place_are_told(
    document: Any, tmp_path: Path, damage: Callable[[Any], Any], expected: str
) -> None:
    """Each kind of damage is named."""
    damage(document)
    (tmp_path / "damaged.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=f"is no model of XGBoost's, or damaged: .*{expected}"):
        active(tmp_path / "damaged.json")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "expected JSON or UBJ"),
        (b"tree\nversion=v4\n", "expected JSON or UBJ"),
        (b"\x80\x04\x95 pickled", "expected JSON or UBJ"),
        (b'{"version": [3, 2, 0]}', "or damaged: 'learner'"),
        (b'{"learner": 5}', "or damaged: "),
        (b"[1, 2]", "expected JSON or UBJ"),
    ],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    """What is no model of XGBoost's is told to be none."""
    (tmp_path / "other.json").write_bytes(content)
    with pytest.raises(InputError, match=f"is no model of XGBoost's.*{expected}"):
        active(tmp_path / "other.json", kind="xgboost")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder cannot be read as a file."""
    with pytest.raises(InputError, match="cannot be read"):
        active(tmp_path, kind="xgboost")


def test_no_damage_ends_the_process(few_columns_file: Path, tmp_path: Path) -> None:
    """A file with bytes changed at random loads or is refused, and scores if it loads."""
    raw, rng = few_columns_file.read_bytes(), random.Random(3)
    for number in range(60):
        changed = bytearray(raw)
        for _ in range(rng.randrange(1, 6)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        (tmp_path / f"{number}.ubj").write_bytes(changed)
    script = f"""
        from pathlib import Path
        from mlsm.errors import MlsmError
        from tests.runtimes.boosters import active, predictor_of
        for number in range(60):
            try:
                predictor = predictor_of(active(Path({str(tmp_path)!r}) / f"{{number}}.ubj", kind="xgboost"))
            except MlsmError:
                continue
            [predictor.record(*sample) for sample in predictor.samples]
    """
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=root, capture_output=True, check=False)
    assert (0, b"") == (done.returncode, done.stderr)


def test_ubj_reads_as_json_does(few_columns_file: Path, document: Any) -> None:
    """The same booster in both formats is the same document."""
    told = read_ubj(few_columns_file.read_bytes())["learner"]
    assert document["learner"]["learner_model_param"] == told["learner_model_param"]
    expected, actual = first_tree(document), first_tree({"learner": told})
    assert {name: pytest.approx(value, rel=1e-6) for name, value in expected.items() if name != "tree_param"} == {
        name: value for name, value in actual.items() if name != "tree_param"
    }


def test_columns_without_names_are_declared_in_order(tmp_path: Path) -> None:
    """A booster fitted on an array does not tell its fields; declared ones are taken by their places."""
    columns, follows = made_up()
    booster = xgb.train({"nthread": 1}, xgb.DMatrix(columns, follows), 5)
    booster.save_model(tmp_path / "nameless.json")
    with pytest.raises(DeclarationError, match="does not tell its fields"):
        active(tmp_path / "nameless.json")
    with pytest.raises(DeclarationError, match="declares 1 fields, but its booster reads 4 numbers"):
        predictor_of(active(tmp_path / "nameless.json", fields={"a": float}))
    model = active(tmp_path / "nameless.json", fields=dict.fromkeys("dcba", float | None))
    [result] = mlsm.score_one([model], {"id": "1", "d": 0.5, "c": None, "b": "1.5", "a": 2})
    expected = booster.inplace_predict([[0.5, float("nan"), 1.5, 2.0]])[0]
    assert pytest.approx(expected, abs=1e-6) == result.score


def test_flags_and_numbered_categories_are_fields(tmp_path: Path) -> None:
    """A column of booleans is a flag; categories that are numbers are read as those numbers."""
    columns, follows = made_up()
    frame = pd.DataFrame({"sure": follows > 1, "zone": pd.Categorical((follows * 3).astype(int)), "x": columns[:, 0]})
    booster = xgb.train({"nthread": 1}, xgb.DMatrix(frame, follows, enable_categorical=True), 8)
    booster.save_model(tmp_path / "mixed.ubj")
    model = active(tmp_path / "mixed.ubj")
    assert {"sure": "bool", "zone": "float", "x": "float"} == {one.name: str(one.kind) for one in model.inputs}
    expected = booster.predict(xgb.DMatrix(frame[:50], enable_categorical=True))
    records = frame[:50].astype(object).assign(id=range(50)).to_dict("records")
    scores = [result.score for result in mlsm.score([model], records)]
    assert pytest.approx(expected, abs=1e-6) == scores


def test_fields_of_another_type_are_refused(few_columns_file: Path) -> None:
    """A number cannot be read from text."""
    with pytest.raises(
        DeclarationError, match="Field 'age' of model 'booster@1' is declared as str; its booster reads a n"
    ):
        predictor_of(active(few_columns_file, fields={"age": str}))


def test_a_missing_library_is_named_with_its_extra(few_columns_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where xgboost is not installed the message says what to install."""
    monkeypatch.setitem(sys.modules, "xgboost", None)  # as Python marks what cannot be imported
    with pytest.raises(MissingExtraError, match=r"(?s)xgboost is not installed.*Install the extra mlsm\[xgboost\]"):
        active(few_columns_file)
