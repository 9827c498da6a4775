"""What a source states of its dependencies, and what its environment must hold besides.

`[project] dependencies` of its `pyproject.toml` count, and those of its `mlsm.toml`, written
alike; a name there that ends in `.txt` is a file of them. A requirement of mlsm itself is met
by the running one, which brings its own files; of it only the extras count.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from mlsm.errors import ProjectError
from mlsm.project.artefacts import kind_of
from mlsm.project.document import MANIFEST
from mlsm.project.mistakes import Mistake

__all__ = ["stated_requirements"]

_PYPROJECT = "pyproject.toml"
_OURS = "mlsm"
_ALWAYS = "msgspec"
_FRAMES = ("polars", "numpy")
"""What fitted models are handed their columns with."""


def stated_requirements(folder: Path, called: str, python: str) -> tuple[str, ...]:
    """Give what the environment of a source must hold; nothing where it states no dependencies.

    Args:
        folder: its folder.
        called: what it is called, for messages.
        python: the version of the interpreter that its environment would have.

    Raises:
        ProjectError: something is stated that cannot be meant, or wants another Python.
    """
    mistakes: list[Mistake] = []
    stated = list(_stated(folder, python, mistakes))
    if mistakes:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise ProjectError(f"The repository {called!r} has {count}:", problems=[str(mistake) for mistake in mistakes])
    own = [one for one in stated if canonicalize_name(one.name) == _OURS]
    others = [one for one in stated if canonicalize_name(one.name) != _OURS]
    extras = {extra for one in own for extra in one.extras}
    if not others and not extras:
        return ()
    return with_ours(others, extras | _kinds(folder))


def with_ours(others: Iterable[Requirement], extras: Iterable[str] = ()) -> tuple[str, ...]:
    """Add what the running mlsm needs in an environment to what a source states."""
    others = list(others)
    names = {canonicalize_name(one.name) for one in others}
    wanted = {str(one) for one in others}
    extras = set(extras)
    for ours in map(Requirement, metadata.requires(_OURS) or ()):
        name = canonicalize_name(ours.name)
        bare = Requirement(f"{ours.name}{ours.specifier}")
        if ours.marker is None:
            needed = name == _ALWAYS or (bool(extras) and name in _FRAMES)
        else:
            # Where a smaller build of a library is stated, its greater sibling would only be in its way.
            needed = any(ours.marker.evaluate({"extra": extra}) for extra in extras) and f"{name}-cpu" not in names
        if needed:
            wanted.add(str(bare))
    return tuple(sorted(wanted))


def _stated(folder: Path, python: str, mistakes: list[Mistake]) -> Iterator[Requirement]:
    for file in (_PYPROJECT, MANIFEST):
        project = _table(folder / file).get("project", {})
        if not isinstance(project, dict):
            continue
        _refuse_python(file, project.get("requires-python") if file == _PYPROJECT else None, python, mistakes)
        listed = project.get("dependencies", [])
        for line in listed if isinstance(listed, list) else [listed]:
            if file == MANIFEST and isinstance(line, str) and line.endswith(".txt"):
                yield from _of_file(folder, line, mistakes)
            else:
                yield from _read(file, line, mistakes)


def _of_file(folder: Path, name: str, mistakes: list[Mistake]) -> Iterator[Requirement]:
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        hint = "Paths start from the folder of the source, and stay in it."
        mistakes.append(Mistake(MANIFEST, f"the file {name!r} of dependencies is not there.", hint))
        return
    for number, line in enumerate(file.read_text("utf-8", errors="replace").splitlines(), 1):
        said = line.partition(" #")[0].strip()
        if said and not said.startswith("#"):
            yield from _read(f"{name}:{number}", said, mistakes)


def _read(place: str, line: Any, mistakes: list[Mistake]) -> Iterator[Requirement]:
    try:
        found = Requirement(line if isinstance(line, str) else "")
    except InvalidRequirement:
        message = f"the dependency {line!r} cannot be read; expected a name and versions."
        mistakes.append(Mistake(place, message, 'Write "scikit-learn>=1.5,<1.6".'))
        return
    if found.url is not None:
        message = f"the dependency {found.name!r} is named by a URL; expected one that an index of packages has."
        mistakes.append(Mistake(place, message, "Only sources that the project lists are fetched from elsewhere."))
        return
    yield found


def _refuse_python(file: str, said: Any, python: str, mistakes: list[Mistake]) -> None:
    if said is None:
        return
    try:
        fits = SpecifierSet(said).contains(python, prereleases=True)
    except (InvalidSpecifier, TypeError):
        mistakes.append(Mistake(file, f"requires-python is {said!r}; expected versions.", 'Write ">=3.11".'))
        return
    if not fits:
        message = f"it requires Python {said}, and this is Python {python}."
        mistakes.append(Mistake(file, message, "Run mlsm with such a Python, or widen the requirement there."))


def _kinds(folder: Path) -> set[str]:
    """Name the kinds of the fitted models that a source declares, whose libraries the extras of mlsm name."""
    kinds = set()
    for file in (_PYPROJECT, MANIFEST):
        values = _table(folder / file)
        values = values.get("tool", {}).get("mlsm", {}) if file == _PYPROJECT else values
        entries = values.get("model", []) if isinstance(values, dict) else []
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and isinstance(path := entry.get("path"), str):
                kinds.add(str(entry.get("kind") or kind_of(folder / path)))
    return kinds


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):  # told with its place when the models are loaded
        return {}
