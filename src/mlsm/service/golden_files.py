"""Where a model's golden records lie, and which of them are for which version."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mlsm._catalog import Catalog
from mlsm._model import ArtefactModel, Model
from mlsm.checks.golden_file import Golden, GoldenFile, read_golden
from mlsm.project.checkout import checkout_of

__all__ = ["ENDING", "FoundGolden", "find_golden", "shown_place"]

ENDING = ".golden.ndjson"
_ALONE = "golden.ndjson"
_COMMIT = re.compile(r"\+[0-9a-f]{7}$")
_UNFIT = re.compile(r'[/\\:*?"<>|%\x00-\x1f]|^\.')
"""What a model's name may hold and a file's name not, or not everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGolden:
    """The golden records of one model version.

    Args:
        files: the files that are for this model, as people call them.
        target: the file to write them to: the one that is there, else `<name>.golden.ndjson`;
            None where the model comes from no file.
        records: those for this version, or for every one.
        others: those for other versions, which are not applied.
        inside: whether the file lies in a folder that is the model.
        mistakes: what is wrong with the files, each with file and line.
    """

    files: tuple[str, ...] = ()
    target: Path | None = None
    records: tuple[Golden, ...] = ()
    others: tuple[Golden, ...] = ()
    inside: bool = False
    mistakes: tuple[str, ...] = ()


def find_golden(catalog: Catalog, model: Model, folder: Path | None) -> FoundGolden:
    """Look for a model's golden records and read them.

    They lie beside the model's file, or the folder that the model is: in `<name>.golden.ndjson`,
    `<file>.golden.ndjson` of a fitted model, or `golden.ndjson` (for a folder, inside it).

    Args:
        catalog: tells whose else a file could be.
        model: the model.
        folder: where the paths of sources start from, None where that is not known.
    """
    places = _places(model, folder)
    files = {path: read_golden(path, shown_place(model, path, folder)) for path in places if path.is_file()}
    owned = {path: _not_owned(file, _owners(catalog, path, folder)) for path, file in files.items()}
    mine = {path: files[path] for path, wrong in owned.items() if not wrong and files[path].model in (None, model.name)}
    records = [golden for file in mine.values() for golden in file.records]
    home = _home(model, folder)
    # A draft that follows a branch bears the commit behind its version: 2.0.0+8c943b7.
    versions = (None, model.version, _COMMIT.sub("", model.version))
    target = next(iter([*mine, *places]), None)
    return FoundGolden(
        files=tuple(file.shown for file in mine.values()),
        target=target,
        records=tuple(golden for golden in records if golden.version in versions),
        others=tuple(golden for golden in records if golden.version not in versions),
        inside=bool(mine) and home is not None and target is not None and target.is_relative_to(home),
        mistakes=(
            *(wrong for wrong in owned.values() if wrong is not None),
            *(mistake for file in mine.values() for mistake in file.mistakes),
        ),
    )


def shown_place(model: Model, path: Path, folder: Path | None) -> str:
    """Write a path as people call it: from the folder where it lies within, or from the top of its repository."""
    if (found := checkout_of(path)) is not None:
        top, told = found
        return f"{model.isolation.group or told} {path.relative_to(top).as_posix()}"
    root = None if folder is None else folder.resolve()
    return path.relative_to(root).as_posix() if root is not None and path.is_relative_to(root) else str(path)


def _places(model: Model, folder: Path | None) -> list[Path]:
    home = _home(model, folder)
    if home is None:
        return []
    name = _UNFIT.sub(lambda match: f"%{ord(match[0]):02X}", model.name)
    beside = [home.parent / f"{name}{ENDING}"]
    beside += [home.parent / f"{home.name}{ENDING}"] if isinstance(model, ArtefactModel) else []
    return list(dict.fromkeys([*beside, (home if home.is_dir() else home.parent) / _ALONE]))


def _home(model: Model, folder: Path | None) -> Path | None:
    """Give the file or folder that a model comes from."""
    if isinstance(model, ArtefactModel):
        return model.path.resolve()
    told = (model.source or "").rpartition(":")[0]
    if folder is not None and told and (folder / told).is_file():
        return (folder / told).resolve()
    function = model.fcn
    while isinstance(function, partial):
        function = function.func
    file = Path(str(getattr(sys.modules.get(str(getattr(function, "__module__", ""))), "__file__", None))).resolve()
    ours = file.is_relative_to(Path(__file__).parents[1])  # what is declared without a function of its own
    return file if file.suffix == ".py" and file.is_file() and not ours else None


def _owners(catalog: Catalog, file: Path, folder: Path | None) -> list[str]:
    """Name the models whose golden records could lie in a file."""
    return list(dict.fromkeys(model.name for model in catalog.values() if file in _places(model, folder)))


def _not_owned(file: GoldenFile, owners: list[str]) -> str | None:
    """Say why it cannot be told whose a file is, None where it can."""
    named = " or ".join(map(repr, owners))
    if file.model is None:
        if len(owners) == 1:
            return None
        return f'{file.shown}:1: it is not said whose records these are; expected "model" in a header, {named}.'
    if file.model in owners:
        return None
    return f"{file.shown}:1: the records are for {file.model!r}, which is no model of a file here; expected {named}."
