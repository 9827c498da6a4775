"""Models from files: a Python file, a folder of them, or a project."""

from __future__ import annotations

from pathlib import Path

from mlsm._catalog import Catalog
from mlsm.errors import InputError
from mlsm.project import load_catalog

__all__ = ["load"]


def load(path: str | Path) -> Catalog:
    """Load the models of a `.py` file, of a folder of such files, or of a project.

    Args:
        path: the file or folder; one with a `mlsm.toml` is a project, whose statuses and
            columns apply.

    Raises:
        ProjectError: a file cannot be loaded, or the project has mistakes; all are told.
        InputError: there is no such file.
    """
    found = Path(path)
    if not found.exists():
        raise InputError(
            f"There is no {str(path)!r}.", hint="Name a .py file, a folder of them, or a project's folder."
        )
    return load_catalog(found)
