"""A model in another Python environment: its own libraries, our protocol, the same answers."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.runtimes.isolated import bad

import mlsm
from mlsm.contracts import Isolated
from mlsm.service import prepared

RECORDS = [{"id": str(number), "x": number} for number in range(100)]


def ended(catalog: mlsm.Catalog) -> None:
    """End the workers of a catalog."""
    for step in prepared(catalog).steps:
        if isinstance(step.predictor, Isolated):
            step.predictor.end()


def told(results: Any) -> list[Any]:
    """Give what results say of records."""
    return [(r.key, r.outcome, r.score, r.label, r.output, r.error) for r in results]


def test_answers_are_those_of_inline_where_there_is_msgspec_alone(other_python: Path) -> None:
    """Functions of one record and summaries need neither polars nor mlsm there."""
    models = [bad.good, bad.raises, bad.summary]
    records = [record for record in RECORDS if record["x"] != 11]
    inline = mlsm.Catalog([model.with_isolation(None) for model in models])
    there = mlsm.Catalog([model.with_isolation("env", python=other_python) for model in models])
    assert told(mlsm.score(inline, records, id="id")) == told(mlsm.score(there, records, id="id"))
    one_by_one = [result for record in records[:9] for result in mlsm.score_one(there, record)]
    assert told(mlsm.score(inline, records[:9], id="id")) == told(one_by_one)
    ended(there)


def test_two_versions_of_a_library_stand_in_one_run(other_python: Path, tmp_path: Path) -> None:
    """Each model imports the version that its environment has."""
    (packages,) = other_python.parents[1].glob("lib/python*/site-packages")
    (packages / "shared_library.py").write_text("VERSION = 2.0\n")
    code = "import mlsm, sys\n@mlsm.model(version='1')\ndef {}(x: int):\n"
    code += "    import shared_library\n    return x * shared_library.VERSION\n"
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "older.py").write_text(code.format("older"))
    (folder / "newer.py").write_text(code.format("newer"))
    library = tmp_path / "libraries"
    library.mkdir()
    (library / "shared_library.py").write_text("VERSION = 3.0\n")
    catalog = mlsm.load(folder)
    sys.path.insert(0, str(library))
    try:
        both = mlsm.Catalog(
            [
                catalog["older@1"].with_isolation("env", python=other_python),
                catalog["newer@1"].with_isolation("process"),
            ]
        )
        assert {"older": 10.0, "newer": 15.0} == {
            result.model: result.score for result in mlsm.score_one(both, {"id": "1", "x": 5})
        }
        ended(both)
    finally:
        sys.path.remove(str(library))


def test_an_environment_that_lacks_msgspec_is_told(tmp_path: Path) -> None:
    """It is a mistake when the catalog is made ready, not an error a record."""
    import subprocess

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    catalog = mlsm.Catalog([bad.good.with_isolation("env", python=tmp_path / "bare" / "bin" / "python")])
    with pytest.raises(mlsm.DeclarationError, match="msgspec"):
        prepared(catalog)


def test_an_interpreter_that_is_not_there_is_told() -> None:
    """The path is named, and what is expected."""
    catalog = mlsm.Catalog([bad.good.with_isolation("env", python="/nowhere/python")])
    with pytest.raises(mlsm.DeclarationError, match="nowhere"):
        prepared(catalog)


def test_frames_need_polars_there(other_python: Path) -> None:
    """A function of frames says at once what its environment lacks."""
    catalog = mlsm.Catalog([bad.frame.with_isolation("env", python=other_python)])
    with pytest.raises(mlsm.DeclarationError, match="polars"):
        prepared(catalog)


def test_only_the_stated_variables_are_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else stands in our environment, secrets among it, no model sees, unless it is named."""
    from mlsm._model import Isolation

    monkeypatch.setenv("A_SECRET", "1")
    monkeypatch.setenv("WANTED", "1")
    seen = mlsm.Catalog([bad.seen.with_isolation(Isolation(rung="process", variables=("WANTED",)))])
    (result,) = mlsm.score_one(seen, {"id": "1", "x": 1})
    assert {"secret": False, "wanted": True} == result.output
    assert "A_SECRET" in os.environ
    ended(seen)
