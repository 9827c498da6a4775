"""The table of contents: sorted, documented, and each name in one place."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Any

import pytest

import mlsm

NAMES = [name for name in mlsm.__all__ if name != "__version__"]
PACKAGES = [
    "mlsm.testing",
    "mlsm.service",
    "mlsm.readers",
    "mlsm.writers",
    "mlsm.stores",
    "mlsm.errors",
    "mlsm._fields",
]


def test_names_are_sorted_and_there() -> None:
    """`__all__` is sorted, lists no name twice, and is what `dir` shows."""
    assert sorted(set(mlsm.__all__)) == mlsm.__all__
    assert sorted(mlsm.__all__) == dir(mlsm)
    assert mlsm.__version__[0].isdigit()


def test_an_unknown_name_is_told() -> None:
    """A name that is not there raises what a module raises."""
    with pytest.raises(AttributeError, match=r"module 'mlsm' has no attribute 'scores'"):
        mlsm.scores  # noqa: B018


def test_type_checkers_see_the_names_that_are_loaded() -> None:
    """What type checkers are told and what is loaded on first use come from the same places."""
    tree = ast.parse(Path(mlsm.__file__).read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    told = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    homes: dict[str, str] = vars(mlsm)["_HOME_OF"]
    assert homes == {name: module for name, module in told.items() if name in homes}
    assert sorted(homes) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_documented(name: str) -> None:
    """A public name, and all that is public in it, says what it is."""
    found = getattr(mlsm, name)
    documented = [(name, found)] if callable(found) else []
    if inspect.isclass(found) and found.__module__.startswith("mlsm"):
        documented += [
            (f"{name}.{inner}", value)
            for inner, value in vars(found).items()
            if not inner.startswith("_") and (callable(value) or isinstance(value, (property, classmethod)))
        ]
    assert [] == [where for where, value in documented if not (inspect.getdoc(value) or "").strip()]


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_shows_how_it_is_used(name: str) -> None:
    """A public class or function, and each public method, has an example that runs; errors speak for themselves."""
    found = getattr(mlsm, name)
    shown = [(name, found)] if callable(found) and not (inspect.isclass(found) and issubclass(found, Exception)) else []
    if shown and inspect.isclass(found) and found.__module__.startswith("mlsm"):
        shown += [
            (f"{name}.{inner}", value)
            for inner, value in vars(found).items()
            if not inner.startswith("_") and (inspect.isfunction(value) or isinstance(value, classmethod))
        ]
    assert [] == [where for where, value in shown if ">>> " not in (inspect.getdoc(value) or "")]


def modules() -> list[str]:
    """List the public modules: none of their names begins with an underscore."""
    found = [module.name for module in pkgutil.walk_packages(mlsm.__path__, "mlsm.")]
    return [name for name in found if "._" not in name and not name.endswith("__main__")]


def test_a_public_name_has_one_import_path() -> None:
    """No public module but the one where it lives lists a name that `mlsm` lists."""
    homes: dict[str, str] = vars(mlsm)["_HOME_OF"]
    twice = []
    for module in modules():
        listed = getattr(importlib.import_module(module), "__all__", [])
        twice += [f"{module}.{name}" for name in listed if homes.get(name, "").partition("mlsm.")[2].startswith("_")]
    assert [] == twice


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_lists_what_it_offers(package: str) -> None:
    """A room's `__all__` is sorted, and all of it can be imported."""
    module: Any = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(set(module.__all__))
    assert [] == [name for name in module.__all__ if not hasattr(module, name)]
