"""Find the modules behind `[models] paths`: folders, single files, modules by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlsm.project.finder import importable_names
from mlsm.project.imports import shown_path
from mlsm.project.manifest import SourceEntry
from mlsm.project.mistakes import Mistake
from mlsm.project.taken import taken_by
from mlsm.project.values import MODULE

__all__ = ["Claim", "Unit", "free_names", "kept_names", "resolve"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A module to import; `file` is None where it is only known by name."""

    name: str
    file: Path | None
    place: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A name of a folder that must mean this module, or this folder of a package."""

    name: str
    path: Path


def resolve(entry: SourceEntry, root: Path) -> tuple[list[Unit], list[Claim]] | Mistake:
    """Give the modules that an entry means, and the names that they and their siblings need."""
    if entry.text.startswith(MODULE):
        return _module(entry, root)
    path = (root / entry.text).resolve()
    if path.is_dir():
        names = importable_names(path)
        files = [(name, file) for name, file in names.items() if file.suffix == ".py" and not name.startswith("_")]
        if not files:
            message = f"the folder {entry.text!r} holds no .py file of models."
            hint = "Put a file there; those that begin with '_' or 'test_' are left out."
            return Mistake(entry.place, message, hint)
        return [Unit(name, file, entry.place) for name, file in files], _claims(names)
    if path.is_file() and path.suffix == ".py":
        return [Unit(path.stem, path, entry.place)], _claims({path.stem: path, **importable_names(path.parent)})
    reason = "is no Python file" if path.exists() else "is not there"
    message = f"the source {entry.text!r} of models {reason}; expected a folder, a .py file or 'module:name'."
    return Mistake(entry.place, message, f"Paths start from {str(root)!r}.")


def free_names(claims: Iterable[Claim], root: Path) -> tuple[dict[str, Path], list[Mistake], set[Path]]:
    """Sort out names that mean another file already.

    Returns:
        For each free name its folder; what is wrong; the paths that are refused.
    """
    free: dict[str, Path] = {}
    mistakes: list[Mistake] = []
    refused: set[Path] = set()
    for claim in dict.fromkeys(claims):
        holder = free.get(claim.name)
        if holder is not None:
            owner: str | None = shown_path(holder, root)
        elif "." in claim.name:
            mistakes.append(_dotted(claim, root))
            refused.add(claim.path)
            continue
        else:
            owner = taken_by(claim.name, claim.path)
        if owner is None:
            free[claim.name] = claim.path
        else:
            mistakes.append(name_taken(claim, owner, root))
            refused.add(claim.path)
    return {name: path.parent for name, path in free.items()}, mistakes, refused


def name_taken(claim: Claim, owner: str, root: Path) -> Mistake:
    """Say that two files would be one module."""
    return Mistake(
        shown_path(claim.path, root),
        f"its name {claim.name!r} already belongs to {owner}; expected a name of its own.",
        "Rename the file, or isolate all models of one of the two folders.",
    )


def kept_names(kept: Mapping[str, Path], claims: Iterable[Claim], root: Path) -> list[Mistake]:
    """Say which names an earlier project keeps, since it imports when it is called."""
    return [name_taken(claim, str(kept[claim.name] / claim.path.name), root) for claim in claims if claim.name in kept]


def _module(entry: SourceEntry, root: Path) -> tuple[list[Unit], list[Claim]]:
    """Look for the module in the project's folder; else it must be installed."""
    name = entry.text.removeprefix(MODULE)
    top = name.partition(".")[0]
    places = [root / f"{top}.py", root / top]
    found = [path for path in places if path.is_file() or (path / "__init__.py").is_file()]
    return [Unit(name, None, entry.place)], [Claim(top, path) for path in found[:1]]


def _claims(names: Mapping[str, Path]) -> list[Claim]:
    return [Claim(name, path) for name, path in names.items()]


def _dotted(claim: Claim, root: Path) -> Mistake:
    message = f"the name {claim.path.name!r} has a dot before its ending, which no module's name can have."
    return Mistake(shown_path(claim.path, root), message, f"Rename it to {claim.name.replace('.', '_')}.py.")
