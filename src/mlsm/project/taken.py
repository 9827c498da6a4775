"""Find out who else has the name of a module: two files under one name would mix up models."""

from __future__ import annotations

import sys
import sysconfig
from importlib.machinery import ModuleSpec
from pathlib import Path

from mlsm.project.finder import ModelFinder

__all__ = ["taken_by"]

_INSTALLED = tuple(Path(sysconfig.get_path(key)).resolve() for key in ("purelib", "platlib"))


def taken_by(name: str, path: Path) -> str | None:
    """Tell which other file the name of a module already belongs to, None where to none.

    Args:
        name: the module's name.
        path: its file, or the folder of its package.

    Example:
        >>> taken_by("sys", Path("models/sys.py"))
        "Python's own sys"
    """
    if name in sys.builtin_module_names:
        return f"Python's own {name}"
    if name in sys.modules:
        return _imported_from(name, path)
    for finder in sys.meta_path:
        spec = None if isinstance(finder, ModelFinder) else finder.find_spec(name, None)
        if spec is not None:
            return _other_file(spec, path)
    return None


def _imported_from(name: str, path: Path) -> str | None:
    """Look at what is imported under this name, unless that was by us."""
    if any(isinstance(finder, ModelFinder) and finder.holder(name) is not None for finder in sys.meta_path):
        return None
    module = sys.modules[name]
    file = getattr(module, "__file__", None)
    if file is None:
        folders = [*getattr(module, "__path__", ())]
        return f"the package in {folders[0]}" if folders else f"the imported {name}"
    return None if _same(Path(file), path) else str(file)


def _other_file(spec: ModuleSpec, path: Path) -> str | None:
    if spec.origin is not None and spec.has_location:
        return None if _same(Path(spec.origin), path) else spec.origin
    if spec.origin is not None:
        return f"Python's own {spec.name}"  # frozen into the interpreter
    # A folder without __init__.py, which any folder on the path is; only installed ones are packages.
    for location in spec.submodule_search_locations or ():
        if any(Path(location).resolve().is_relative_to(folder) for folder in _INSTALLED):
            return location
    return None


def _same(file: Path, path: Path) -> bool:
    found = file.parent if file.name == "__init__.py" else file
    return found.resolve() == path.resolve()
