"""Projects written for one test, and forgotten after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from mlsm.errors import ProjectError
from mlsm.project import Project, load_project
from mlsm.project.finder import ModelFinder

FIT = """
from mlsm._model import model

@model(version="1.0")
def fit(employees: int, lead_source: str | None = None):
    return float(employees)
"""
NAMED = '[project]\nname = "acme"\n'


class Written:
    """A project in a folder of its own, written file by file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, manifest: str = NAMED, /, **files: str) -> Written:
        """Write the project file and files of models (`fit="…"` is `models/fit.py`)."""
        (self.folder / "models").mkdir(parents=True, exist_ok=True)
        (self.folder / "mlsm.toml").write_text(manifest, encoding="utf-8")
        for name, text in files.items():
            (self.folder / "models" / f"{name}.py").write_text(text, encoding="utf-8")
        return self

    def load(self, environ: Mapping[str, str] | None = None) -> Project:
        """Load the project, by default with no variable set."""
        return load_project(self.folder, environ or {})

    def mistakes(self, environ: Mapping[str, str] | None = None) -> list[str]:
        """Give what loading the project complains of."""
        with pytest.raises(ProjectError) as caught:
            self.load(environ)
        return list(caught.value.problems)


@pytest.fixture
def project(tmp_path: Path) -> Written:
    """Give an empty project, named acme, with one model that is a draft."""
    return Written(tmp_path / "acme").write(fit=FIT)


@pytest.fixture
def another(tmp_path: Path) -> Callable[[str], Written]:
    """Make further projects beside the first."""
    return lambda name: Written(tmp_path / name).write()


@pytest.fixture(autouse=True)
def forgetful(tmp_path: Path) -> Iterator[None]:
    """Begin and end without models of files: other tests of the process load some too."""
    finders, modules = list(sys.meta_path), dict(sys.modules)
    sys.meta_path[:] = [finder for finder in finders if not isinstance(finder, ModelFinder)]
    for name in [name for name in modules if installed_holder(finders, name)]:
        del sys.modules[name]
    yield
    for name in set(sys.modules) - set(modules):
        # Only what was written for the test: native modules, such as zoneinfo's, load once a process.
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", None)) or installed_holder(sys.meta_path, name):
            del sys.modules[name]
    sys.meta_path[:] = finders
    sys.modules.update({name: module for name, module in modules.items() if name not in sys.modules})


def installed_holder(finders: Sequence[object], name: str) -> bool:
    """Tell whether a module was imported from a folder of models."""
    top = name.partition(".")[0]
    return any(isinstance(finder, ModelFinder) and finder.holder(top) is not None for finder in finders)
