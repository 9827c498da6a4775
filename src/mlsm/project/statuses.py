"""Which version of which model is active, draft or retired, by the project file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlsm._model import STATUSES, Model
from mlsm._toml import TomlPath
from mlsm.project.document import Document
from mlsm.project.forms import shown
from mlsm.project.mistakes import Mistake, listed, nearest

__all__ = ["Status", "apply_statuses", "read_statuses", "unknown_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One version's status, and where the project says so."""

    name: str
    version: str
    status: str
    place: str

    @property
    def key(self) -> str:
        """Give `name@version`."""
        return f"{self.name}@{self.version}"


def read_statuses(document: Document) -> tuple[list[Status], list[Mistake]]:
    """Read `[models.active]`, `[models.draft]` and `[models.retired]`."""
    found: dict[str, Status] = {}
    mistakes: list[Mistake] = []
    section = document.values.get("models")
    for status in STATUSES:
        table = section.get(status) if isinstance(section, dict) else None
        for name, versions in (table if isinstance(table, dict) else {}).items():
            wrong = _misformed(document, status, name, versions)
            if wrong is not None:
                mistakes.append(wrong)
                continue
            for version, path in _versions(("models", status, name), versions):
                said = Status(name=name, version=version, status=status, place=document.place(path))
                former = found.setdefault(said.key, said)
                if former is not said:
                    mistakes.append(_twice(said, former))
    return list(found.values()), mistakes


def apply_statuses(models: Sequence[Model], said: Sequence[Status]) -> tuple[list[Model], list[Mistake]]:
    """Give models the statuses that the project says.

    Where the project makes a version active, another one that its code calls active becomes
    a draft: the project file wins over the code.
    """
    mistakes = [_no_version(status, models) for status in said if not _is_there(status.key, models)]
    by_key = {status.key: status.status for status in said}
    decided = {status.name for status in said if status.status == "active"}
    changed = []
    for model in models:
        status = by_key.get(model.key, model.status)
        if model.key not in by_key and model.name in decided and model.status == "active":
            status = "draft"
        changed.append(model if status == model.status else model.with_status(status))
    return changed, mistakes


def unknown_model(place: str, section: str, name: str, models: Sequence[Model]) -> Mistake:
    """Say that a section names a model that no file has."""
    names = list(dict.fromkeys(model.name for model in models))
    near = nearest(name, names)
    return Mistake(
        place,
        f"[{section}] names the model {name!r}, which is in no file; expected one of {listed(names)}.",
        f"Did you mean {near!r}?" if near else "Remove it, or add the file to [models] paths.",
    )


def _versions(path: TomlPath, versions: str | list[str]) -> Iterator[tuple[str, TomlPath]]:
    if isinstance(versions, str):
        yield versions, path
    else:
        yield from ((version, (*path, place)) for place, version in enumerate(versions))


def _misformed(document: Document, status: str, name: str, versions: Any) -> Mistake | None:
    place = document.place(("models", status, name))
    start = f"[models.{status}] {name}"
    example = f'Write {name} = "1.2.0".'
    if isinstance(versions, dict):
        dotted = f'"{name}.{next(iter(versions), "")}"'
        return Mistake(
            place, f"{start} is a section; expected a version.", f"A name with a dot stands in quotes: {dotted}."
        )
    if isinstance(versions, list):
        wrong = [version for version in versions if not isinstance(version, str)]
        if wrong:
            return Mistake(place, f"{start} holds {shown(wrong[0])}; expected versions as text in quotes.", example)
        if status == "active" and len(versions) > 1:
            message = f"{start} names {len(versions)} versions; expected one active version a model."
            return Mistake(place, message, "Move the others to [models.draft].")
    elif not isinstance(versions, str):
        return Mistake(place, f"{start} is {shown(versions)}; expected a version as text in quotes.", example)
    return None


def _twice(said: Status, former: Status) -> Mistake:
    return Mistake(
        said.place,
        f"{said.key!r} is {said.status} here and {former.status} at {former.place}; expected one status a version.",
        "Remove one of the two.",
    )


def _is_there(key: str, models: Sequence[Model]) -> bool:
    return any(model.key == key for model in models)


def _no_version(status: Status, models: Sequence[Model]) -> Mistake:
    versions = [model.version for model in models if model.name == status.name]
    section = f"models.{status.status}"
    if not versions:
        return unknown_model(status.place, section, status.name, models)
    near = nearest(status.version, versions)
    return Mistake(
        status.place,
        f"[{section}] names version {status.version!r} of {status.name!r}, which is in no file; "
        f"there is {listed(repr(version) for version in versions)}.",
        f"Did you mean {near!r}?" if near else "Name one of these, or add the file of that version.",
    )
