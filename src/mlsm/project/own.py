"""A project's own models, of its files and entries; and what becomes of those that cannot be loaded."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from mlsm._model import AbsentModel, Model, split_key
from mlsm.project.aside import find_models_aside
from mlsm.project.entries import Entry, make_models
from mlsm.project.imports import shown_path
from mlsm.project.manifest import Manifest
from mlsm.project.mistakes import Mistake
from mlsm.project.models import FoundModels

__all__ = ["Broken", "OwnModels", "own_models"]

Broken: TypeAlias = Literal["refuse", "drafts", "degraded"]
"""What becomes of models that cannot be loaded."""
_SAYS_ACTIVE = re.compile(r"""["']active["']""")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModels:
    """The models that a project holds itself.

    Args:
        models: those that could be loaded, and what stands in for active ones that could not.
        mistakes: what is wrong with files.
        wrong_entries: what is wrong with entries of the project file.
        complete: whether it is known what there is.
        left_out: by key or file, why drafts could not be loaded.
        degraded: by key, why active versions could not.
        absent: keys of which the project file speaks and that are left out.
    """

    models: list[Model]
    mistakes: list[Mistake]
    wrong_entries: list[Mistake] = field(default_factory=list)
    complete: bool = True
    left_out: dict[str, str] = field(default_factory=dict)
    degraded: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)


def own_models(manifest: Manifest, folder: Path, broken: Broken, others: Collection[str] = ()) -> OwnModels:
    """Load a project's own models.

    Args:
        manifest: what the project file says.
        folder: the project's folder.
        broken: what becomes of those that cannot be loaded.
        others: keys of models that come from elsewhere.
    """
    found = find_models_aside(manifest.sources, folder, manifest.isolation)
    if broken == "refuse":
        declared, wrong = make_models(manifest.entries, folder) if found.complete else ([], [])
        return OwnModels(
            models=[*found.models, *declared], mistakes=found.mistakes, wrong_entries=wrong, complete=found.complete
        )
    entries = _Entries(manifest, folder, broken)
    if found.complete:
        return entries.together(OwnModels(models=found.models, mistakes=found.mistakes))
    return entries.together(_without_files(manifest, folder, found, {*entries.keys, *others}, broken))


class _Entries:
    """The declared models, one by one, so that each that cannot be loaded is known by its key."""

    def __init__(self, manifest: Manifest, folder: Path, broken: Broken) -> None:
        said = {status.key: status.status for status in manifest.statuses}
        self.keys = {_key(entry) for entry in manifest.entries}
        self._models: list[Model] = []
        self._wrong: list[Mistake] = []
        self._left_out: dict[str, str] = {}
        self._degraded: dict[str, str] = {}
        for entry in manifest.entries:
            made, wrong = make_models([entry], folder)
            self._models += made
            key, why = _key(entry), _told(wrong)
            active = said.get(key, entry.said.get("status", "draft")) == "active"
            if wrong and not active:
                self._left_out[key] = why
            elif wrong and broken == "degraded":
                self._degraded[key] = why
                self._models.append(AbsentModel(*split_pair(key), why=why, source=entry.place))
            else:
                self._wrong += wrong

    def together(self, files: OwnModels) -> OwnModels:
        """Put what files hold before them."""
        return OwnModels(
            models=[*files.models, *self._models],
            mistakes=files.mistakes,
            wrong_entries=self._wrong,
            complete=files.complete,
            left_out=files.left_out | self._left_out,
            degraded=files.degraded | self._degraded,
            absent=files.absent | self._left_out.keys(),
        )


def _without_files(
    manifest: Manifest, folder: Path, found: FoundModels, elsewhere: set[str], broken: Broken
) -> OwnModels:
    """Go on without files that cannot be imported, where no active version is lost by it, or that is asked for.

    What such a file holds is not known: a version of which the project file speaks, and that is
    nowhere else, may be in it; so may one that the file itself calls active.
    """
    refused = OwnModels(models=[], mistakes=found.mistakes, complete=False)
    if not found.unread:
        return refused
    known = {model.key for model in found.models} | elsewhere
    lost = [status for status in manifest.statuses if status.key not in known]
    active = [status for status in lost if status.status == "active"]
    claims = any(_SAYS_ACTIVE.search(_text(file)) for file, _ in found.unread)
    if (active or claims) and broken == "drafts":
        return refused
    why = {file: f"{mistake.place}: {_told([mistake])}" for file, mistake in found.unread}
    degraded = {status.key: _reason(status.name, why) for status in active}
    stand_ins = [AbsentModel(status.name, status.version, why=degraded[status.key]) for status in active]
    return OwnModels(
        models=[*found.models, *stand_ins],
        mistakes=[],
        left_out={shown_path(file, folder): told for file, told in why.items()},
        degraded=degraded,
        absent={status.key for status in lost if status.status != "active"},
    )


def _reason(name: str, why: dict[Path, str]) -> str:
    """Give the reason of the file that names a model, else of all."""
    naming = [told for file, told in why.items() if name in _text(file)]
    return " ".join(naming or why.values())


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _key(entry: Entry) -> str:
    return f"{entry.said['name']}@{entry.said['version']}"


def split_pair(key: str) -> tuple[str, str]:
    """Part a whole key.

    Example:
        >>> split_pair("fit@1.2.0")
        ('fit', '1.2.0')
    """
    name, version = split_key(key)
    return name, version or ""


def _told(mistakes: Sequence[Mistake]) -> str:
    return " ".join(f"{mistake.message} {mistake.hint}" for mistake in mistakes)
