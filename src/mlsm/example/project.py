"""New projects: what `mlsm init` writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from mlsm.errors import ProjectError
from mlsm.example.leads import write_csv

__all__ = ["LEADS", "create"]

LEADS = 1_000
"""How many sample leads come with the sample project."""

_SUFFIX = ".template"
_NAME = "{{name}}"


def create(folder: Path, *, example: bool) -> list[Path]:
    """Write a new project: its file, models, their tests, a README, leads to try them on.

    Args:
        folder: a new or an empty folder; its name becomes the project's. It may hold a
            repository without any file.
        example: whether to write the sample project: five active models, a draft, and
            1,000 sample leads.

    Returns:
        The files, in the order of their paths.

    Raises:
        ProjectError: the folder holds something, or is none.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     [path.name for path in create(Path(folder) / "acme", example=False)][:4]
        ['.gitignore', 'README.md', 'leads.csv', 'mlsm.toml']
    """
    folder = folder.resolve()
    _check_empty(folder)
    written = []
    for path, text in _templates("sample" if example else "basic"):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace(_NAME, _quoted(folder.name)), encoding="utf-8", newline="\n")
        written.append(file)
    if example:
        leads = folder / "leads.csv"
        write_csv(leads, LEADS)
        written.append(leads)
    return sorted(written)


def _check_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        what = "a file"
    elif folder.is_dir() and any(path.name != ".git" for path in folder.iterdir()):
        what = "a folder with files"
    else:
        return
    raise ProjectError(
        f"{str(folder)!r} is {what}; expected a new or an empty folder.",
        hint="Name another one: `mlsm init DIR`.",
    )


def _templates(kind: str) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield path and text of every file of a kind of project."""
    root = files("mlsm.example") / "templates"
    yield PurePosixPath(".gitignore"), (root / f"gitignore{_SUFFIX}").read_text(encoding="utf-8")
    yield from _texts(root / kind, PurePosixPath())


def _texts(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _texts(entry, path / entry.name)
        elif entry.name.endswith(_SUFFIX):
            yield path / entry.name.removesuffix(_SUFFIX), entry.read_text(encoding="utf-8")


def _quoted(name: str) -> str:
    """Write a name as text of TOML, which takes JSON's escapes."""
    return json.dumps(name if name.isprintable() and name.strip() else "leads", ensure_ascii=False)
