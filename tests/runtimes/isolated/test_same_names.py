"""Two sources with modules of one name: refused inline, and no matter in processes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlsm
from mlsm.contracts import Isolated
from mlsm.service import prepared

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
