"""New projects: what `mlsm init` writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from mlsm.errors import ProjectError
from mlsm.example.leads import write_csv

__all__ = ["LEADS", "create"]

LEADS = 1_000
"""How many sample leads come with the sample project."""

_SUFFIX = ".template"
_NAME = "{{name}}"
_NEEDS = re.compile(r"# \{\{needs (\w+)\}\}\n(.*?)# \{\{end\}\}\n", re.DOTALL)
"""Lines that only stand there where the extra of that name is installed."""
_LIBRARIES = {"lightgbm": ("lightgbm",), "sklearn": ("sklearn", "skops")}


def create(folder: Path, *, example: bool = False, repository: bool = False) -> list[Path]:
    """Write a new project: its file, models, their tests, a README, leads to try them on.

    Args:
        folder: a new or an empty folder; its name becomes the project's. It may hold a
            repository without any file.
        example: whether to write the sample project: active models of several kinds, drafts,
            and 1,000 sample leads.
        repository: whether to write a repository of models, which other projects take in.

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
    for path, content in _templates("repository" if repository else "sample" if example else "basic"):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            text = _NEEDS.sub(_present, content).replace(_NAME, _quoted(folder.name))
            file.write_text(text, encoding="utf-8", newline="\n")
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


def _templates(kind: str) -> Iterator[tuple[PurePosixPath, str | bytes]]:
    """Yield path and content of every file of a kind of project; fitted models are bytes."""
    root = files("mlsm.example") / "templates"
    yield PurePosixPath(".gitignore"), (root / f"gitignore{_SUFFIX}").read_text(encoding="utf-8")
    yield from _files(root / kind, PurePosixPath())


def _files(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, str | bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, path / entry.name)
        elif entry.name.endswith(_SUFFIX):
            yield path / entry.name.removesuffix(_SUFFIX), entry.read_text(encoding="utf-8")
        else:
            yield path / entry.name, entry.read_bytes()


def _present(found: re.Match[str]) -> str:
    """Keep what an extra is needed for where it is there, else say how to come by it."""
    extra, lines = found.groups()
    if all(find_spec(library) for library in _LIBRARIES[extra]):
        return lines
    return f"# With the extra mlsm[{extra}] installed, `mlsm init --example` writes more here.\n"


def _quoted(name: str) -> str:
    """Write a name as text of TOML, which takes JSON's escapes."""
    return json.dumps(name if name.isprintable() and name.strip() else "leads", ensure_ascii=False)
