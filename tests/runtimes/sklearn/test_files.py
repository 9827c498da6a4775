"""What a file may hold: of skops' scikit-learn's own types, of a trusted pickle all that is not `__main__`'s."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import sklearn
import skops.io
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from tests.runtimes.boosters import active, frame_of, predictor_of
from tests.runtimes.sklearn.bank import piped, saved
from tests.runtimes.sklearn.leads import NUMBERS, leads, records, won

import mlsm
from mlsm.errors import DeclarationError, InputError


def pipeline(final: Any = None) -> Any:
    frame = leads()
    return piped(frame, LogisticRegression() if final is None else final).fit(frame, won(frame))


def test_types_outside_the_list_are_refused_and_named(tmp_path: Path) -> None:
    """A booster of another library in a skops file does not load; the message lists its types."""
    frame = leads()
    path = saved(LGBMClassifier(n_estimators=2, verbosity=-1).fit(frame[NUMBERS], won(frame)), tmp_path)
    with pytest.raises(InputError, match="not scikit-learn's own; it was not loaded") as refused:
        active(path)
    assert {"lightgbm.basic.Booster", "lightgbm.sklearn.LGBMClassifier"} <= set(refused.value.problems)
    assert "trust = [" in str(refused.value)


def test_types_may_be_named(tmp_path: Path) -> None:
    """What `trust` names is loaded, and nothing else."""
    frame = leads()
    estimator = LGBMClassifier(n_estimators=2, verbosity=-1).fit(frame[NUMBERS], won(frame))
    path = saved(estimator, tmp_path)
    found = skops.io.get_untrusted_types(file=path)
    model = active(path, trust=found)
    handed = frame_of(model, records(frame[NUMBERS]))
    expected = np.asarray(estimator.predict_proba(frame[NUMBERS]))[:, 1]
    assert np.allclose(expected, np.asarray(predictor_of(model).columns(handed, None)), atol=1e-9, rtol=0)
    with pytest.raises(InputError, match="not scikit-learn's own"):
        active(path, trust=found[:1])


def test_trust_alone_does_not_lift_the_audit(tmp_path: Path) -> None:
    """For a skops file trust = true is not enough: the types have names."""
    frame = leads()
    path = saved(LGBMClassifier(n_estimators=2, verbosity=-1).fit(frame[NUMBERS], won(frame)), tmp_path)
    with pytest.raises(InputError, match="not scikit-learn's own"):
        active(path, trust=True)


def dangerous(path: Path) -> None:
    """Write a skops file that calls a function of the system's."""
    skops.io.dump(make_pipeline(FunctionTransformer(np.log1p), StandardScaler()), path)
    with zipfile.ZipFile(path) as opened:
        schema = opened.read("schema.json").decode()
    changed = schema.replace('"numpy"', '"os"').replace('"log1p"', '"system"')
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("schema.json", changed)


def test_a_planted_function_is_refused(tmp_path: Path) -> None:
    """A file that names os.system is refused before anything of it is made."""
    path = tmp_path / "planted.skops"
    dangerous(path)
    with pytest.raises(InputError, match="not scikit-learn's own; it was not loaded") as refused:
        active(path)
    assert ("os.system",) == refused.value.problems


@pytest.mark.parametrize(
    "dump", [joblib.dump, lambda made, path: path.write_bytes(pickle.dumps(made))], ids=["joblib", "pickle"]
)
def test_a_pickle_is_opened_on_trust_alone(dump: Any, tmp_path: Path) -> None:
    """Without `trust` it is not opened at all; with it, it is scored like any other."""
    path = tmp_path / "model.joblib"
    estimator = pipeline()
    dump(estimator, path)
    with pytest.raises(InputError, match="is a pickle, which runs code") as refused:
        active(path)
    assert "trust = true" in str(refused.value)
    model = active(path, trust=True)
    frame = leads(20)
    got = predictor_of(model).columns(frame_of(model, records(frame)), None)
    assert np.allclose(estimator.predict_proba(frame)[:, 1], np.asarray(got), atol=1e-9, rtol=0)


class Planted:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_an_untrusted_pickle_runs_nothing(tmp_path: Path) -> None:
    """The refusal comes before the first instruction of the pickle."""
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Planted(tmp_path / "mark")))
    with pytest.raises(InputError, match="is a pickle"):
        active(path)
    assert not (tmp_path / "mark").exists()


SCRIPT = """
import sys, joblib
from sklearn.linear_model import LogisticRegression
class OwnModel(LogisticRegression):
    pass
joblib.dump(OwnModel().fit([[0.0], [1.0]], [0, 1]), sys.argv[1])
"""


def test_what_was_pickled_from_a_script_is_refused_by_name(tmp_path: Path) -> None:
    """A class of `__main__` is named: no other program can load it."""
    path = tmp_path / "model.joblib"
    subprocess.run([sys.executable, "-c", SCRIPT, str(path)], check=True)
    with pytest.raises(InputError, match="needs 'OwnModel' of the script") as refused:
        active(path, trust=True)
    assert "Move 'OwnModel' into a module" in str(refused.value)


OTHER_WAYS = """
import pickle, sys, skops.io
from pathlib import Path
from sklearn.linear_model import LogisticRegression
class OwnModel(LogisticRegression):
    pass
made = OwnModel().fit([[0.0], [1.0]], [0, 1])
Path(sys.argv[1], "old.pkl").write_bytes(pickle.dumps(made, protocol=0))
skops.io.dump(made, Path(sys.argv[1], "own.skops"))
"""


def test_an_old_pickle_and_a_skops_file_of_a_script_are_refused_by_name_too(tmp_path: Path) -> None:
    """A pickle of the oldest protocol says it in other words; types of a script are not worth trusting."""
    subprocess.run([sys.executable, "-c", OTHER_WAYS, str(tmp_path)], check=True)
    for name, trust in (("old.pkl", True), ("own.skops", ["__main__.OwnModel"])):
        with pytest.raises(InputError, match="needs 'OwnModel' of the script"):
            active(tmp_path / name, trust=trust)
    with pytest.raises(InputError, match="not scikit-learn's own") as refused:
        active(tmp_path / "own.skops")
    assert "Move 'OwnModel' into a module" in str(refused.value)


LOADED = """
import sys
from sklearn.linear_model import LogisticRegression
class OwnModel(LogisticRegression):
    pass
import mlsm
try:
    mlsm.load(sys.argv[1], name="fit", version="1", trust=True)
except mlsm.MlsmError as error:
    print(error)
"""


def test_it_is_refused_where_main_has_such_a_class_too(tmp_path: Path) -> None:
    """The script itself could load it, and a worker process could not: it is refused alike."""
    path = tmp_path / "model.joblib"
    subprocess.run([sys.executable, "-c", SCRIPT, str(path)], check=True)
    told = subprocess.run([sys.executable, "-c", LOADED, str(path)], check=True, capture_output=True, text=True)
    assert "needs 'OwnModel' of the script" in told.stdout


def test_a_file_that_only_bears_the_name_of_skops_is_told_as_such(tmp_path: Path) -> None:
    """A pickle under another name is no matter of trust."""
    path = tmp_path / "model.skops"
    joblib.dump(pipeline(), path)
    with pytest.raises(InputError, match="is no file of skops"):
        active(path)


@pytest.mark.parametrize("name", ["model.skops", "model.joblib"])
def test_damaged_files_are_told_as_such(name: str, tmp_path: Path) -> None:
    """Half a file is no model, and the message says which file."""
    whole, path = tmp_path / f"whole_{name}", tmp_path / name
    (skops.io.dump if name.endswith("skops") else joblib.dump)(pipeline(), whole)
    path.write_bytes(whole.read_bytes()[:-200])
    with pytest.raises(InputError, match=name):
        active(path, trust=True)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """No file, no model."""
    with pytest.raises(mlsm.MlsmError, match=r"absent\.skops"):
        active(tmp_path / "absent.skops")


@pytest.mark.parametrize("made", [StandardScaler(), {"a": 1}], ids=["scaler", "dict"])
def test_what_does_not_predict_is_refused(made: Any, tmp_path: Path) -> None:
    """A transformer or a plain object is no model."""
    with pytest.raises(InputError, match=f"holds a {type(made).__name__}; expected an estimator that predicts"):
        active(saved(made, tmp_path))


@pytest.mark.parametrize("trust", ["yes", 1, [1]], ids=str)
def test_trust_is_a_flag_or_names(trust: Any, tmp_path: Path) -> None:
    """Anything else is a mistake."""
    with pytest.raises(DeclarationError, match="The option trust is"):
        active(saved(pipeline(), tmp_path), trust=trust)


def aged(path: Path, version: str) -> None:
    """Make a skops file say that another release of scikit-learn fitted it."""
    import sklearn

    with zipfile.ZipFile(path) as opened:
        parts = {name: opened.read(name) for name in opened.namelist()}
    schema = json.dumps(json.loads(parts["schema.json"]))
    parts["schema.json"] = schema.replace(json.dumps(sklearn.__version__)[1:-1], version).encode()
    with zipfile.ZipFile(path, "w") as opened:
        for name, content in parts.items():
            opened.writestr(name, content)


def test_another_release_is_reported_once(tmp_path: Path) -> None:
    """The library's warnings become one sentence that names both versions."""
    import sklearn

    path = saved(pipeline(), tmp_path)
    aged(path, "1.4.0")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = active(path)
        predictor_of(model)
    [note] = [one for one in model.notes if "scikit-learn" in one]
    assert f"It was fitted with scikit-learn 1.4.0; {sklearn.__version__} is installed" in note


@pytest.mark.parametrize("name", ["old.skops", "old.pkl", "old.joblib", "squeezed.joblib"])
def test_a_file_of_another_release_that_cannot_be_loaded_says_which_fitted_it(name: str, tmp_path: Path) -> None:
    """What the installed release no longer has is told with both versions, and the way out."""
    path, estimator = tmp_path / name, pipeline()
    older, gone = "0.9.8", b"LogisticRegressioM"
    if path.suffix == ".skops":
        skops.io.dump(estimator, path)
        with zipfile.ZipFile(path) as opened:
            parts = {part: opened.read(part) for part in opened.namelist()}
        schema = parts["schema.json"].replace(sklearn.__version__.encode(), older.encode())
        parts["schema.json"] = schema.replace(gone[:-1] + b"n", gone)
        with zipfile.ZipFile(path, "w") as made:
            for part, content in parts.items():
                made.writestr(part, content)
    else:
        raw = pickle.dumps(estimator).replace(sklearn.__version__.encode(), older.encode())
        raw = raw.replace(gone[:-1] + b"n", gone)
        path.write_bytes(zlib.compress(raw) if name.startswith("squeezed") else raw)
    with pytest.raises(InputError, match=f"fitted with scikit-learn {older}; {sklearn.__version__} is installed"):
        active(path, trust=["sklearn.linear_model._logistic.LogisticRegressioM"] if path.suffix == ".skops" else True)


def test_the_installed_release_is_not_worth_a_note(tmp_path: Path) -> None:
    """Nothing is said where nothing is strange."""
    assert () == active(saved(pipeline(), tmp_path)).notes
