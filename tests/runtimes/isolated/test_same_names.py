"""Two sources with modules of one name: refused inline, and no matter in processes of their own."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

import mlsm
from mlsm.contracts import Isolated
from mlsm.service import prepared

NUMBERS = itertools.count()
LAZY = """
import mlsm

@mlsm.model(version="1")
def {name}(x: int):
    from {module} import PRICE
    return float(x * PRICE)
"""


def source(folder: Path, name: str, price: int, module: str = "prices") -> Path:
    """Write a source whose model imports its neighbour when it is called."""
    folder.mkdir()
    (folder / f"{name}_model.py").write_text(LAZY.format(name=name, module=module))
    (folder / f"{module}.py").write_text(f"PRICE = {price}\n")
    return folder


def scores(*catalogs: mlsm.Catalog) -> dict[str, float | None]:
    """Score one record with the models of all, twice, and end their processes."""
    both = mlsm.Catalog(model for catalog in catalogs for model in catalog.values())
    found = {result.model: result.score for result in mlsm.score_one(both, {"id": "1", "x": 2})}
    assert found == {result.model: result.score for result in mlsm.score(both, [{"id": "1", "x": 2}], id="id")}
    for step in prepared(both).steps:
        if isinstance(step.predictor, Isolated):
            step.predictor.end()
    return found


def test_inline_the_second_is_refused(tmp_path: Path) -> None:
    """Both files are named, and the way out is to isolate one."""
    kept = mlsm.load(source(tmp_path / "one", "kept", 3))
    with pytest.raises(mlsm.ProjectError) as caught:
        mlsm.load(source(tmp_path / "two", "other", 5))
    told = str(caught.value)
    assert str(tmp_path / "one" / "prices.py") in told
    assert "prices.py" in told
    assert "isolat" in told
    assert {"kept": 6.0} == scores(kept)


def test_one_of_them_isolated_is_enough(tmp_path: Path) -> None:
    """Each sees its own neighbour, whichever was loaded first."""
    inline = mlsm.load(source(tmp_path / "one", "plain", 3, "costs"))
    isolated = mlsm.load(source(tmp_path / "two", "apart", 5, "costs"), isolation="process")
    assert {"plain": 6.0, "apart": 10.0} == scores(inline, isolated)
    third = mlsm.load(source(tmp_path / "three", "later", 7, "costs"), isolation="process")
    assert {"plain": 6.0, "apart": 10.0, "later": 14.0} == scores(inline, isolated, third)


def project(folder: Path, isolation: str) -> Path:
    """Write a project of two folders whose models import different neighbours of one name, when they are called."""
    folder.mkdir()
    number = next(NUMBERS)  # what is loaded inline keeps its names in this process
    for place, price in (("one", 3), ("two", 5)):
        source(folder / place, place, price, f"tariffs_{number}")
        (folder / place / f"{place}_model.py").rename(folder / place / f"{place}_{number}.py")
    text = f"""[project]\nname = "two"\n\n[models]\npaths = ["one", "two"]\n\n{isolation}"""
    (folder / "mlsm.toml").write_text(text)
    return folder


def test_inline_two_folders_of_a_project_are_refused(tmp_path: Path) -> None:
    """Both files are named, and the way out is to isolate one of the folders."""
    with pytest.raises(mlsm.ProjectError) as caught:
        mlsm.load(project(tmp_path / "both", ""))
    told = str(caught.value)
    assert "one/tariffs_" in told
    assert "two/tariffs_" in told
    assert "isolat" in told


@pytest.mark.parametrize(
    "isolation",
    [
        '[isolation]\ndefault = "process"',
        '[isolation.models]\ntwo = "process"',
        '[isolation.models]\none = "process"',
    ],
    ids=["all", "the second", "the first"],
)
def test_two_folders_of_a_project_work_where_one_is_isolated(isolation: str, tmp_path: Path) -> None:
    """Each model sees its own neighbour, in many records and in one."""
    catalog = mlsm.load(project(tmp_path / "both", isolation))
    assert {"one": 6.0, "two": 10.0} == scores(catalog)
