"""A project: a folder with `mlsm.toml`, and the catalog that it yields."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from mlsm._catalog import Catalog
from mlsm._collector import collector_paused
from mlsm._fields import Reading
from mlsm._guard import Raised, attempt
from mlsm._model import Model
from mlsm._typing import Shape
from mlsm.errors import CatalogError, ProjectError
from mlsm.project.checkout import checkout_of
from mlsm.project.columns import apply_columns
from mlsm.project.document import MANIFEST, read_document
from mlsm.project.failing import apply_failing
from mlsm.project.isolation import apply_isolation
from mlsm.project.lock import Lock, read_lock
from mlsm.project.manifest import Manifest, SourceEntry, read_manifest
from mlsm.project.mistakes import Mistake
from mlsm.project.models import distinct, find_models
from mlsm.project.overrides import PREFIX
from mlsm.project.own import Broken, OwnModels, own_models
from mlsm.project.pinned import Pinned, load_pinned
from mlsm.project.places import cache_home
from mlsm.project.statuses import apply_statuses
from mlsm.readers import Dialect

__all__ = ["Project", "find_project", "load_catalog", "load_project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What a project's file says, and the models that it names.

    Args:
        folder: where `mlsm.toml` lies, absolute.
        name: what people call it.
        catalog: its models, with the statuses and columns that the project gives them.
        id_column: the column of ids, None where only a command says it.
        keep: columns that travel untouched into exports and the store.
        reading: how values are spelled.
        dialect: how text files are written, as far as that is declared.
        shape: whether records are flat, or nested as in 0.0.4.
        min_records: inputs with fewer records are refused.
        store_url: the store; a relative path starts from the folder.
        keep_inputs: what of the inputs is stored.
        keep_results: how long results are kept that nothing needs any more, None for ever.
        patience: seconds for which a store that went away is waited for.
        part_rows: rows a part.
        workers: how many processes score.
        max_failed: the share of an active model's results that may fail.
        lock: what its lock pins.
        left_out: by key or file, why drafts could not be loaded.
        degraded: by key, why an active version could not be loaded, for which something stands in.
    """

    folder: Path
    name: str
    catalog: Catalog
    id_column: str | None
    keep: tuple[str, ...]
    reading: Reading
    dialect: Dialect
    shape: Shape
    min_records: int
    store_url: str
    keep_inputs: Literal["keep", "hash", "none"]
    keep_results: timedelta | None
    patience: float
    part_rows: int
    workers: int | Literal["auto"]
    max_failed: float
    lock: Lock = field(default_factory=Lock)
    left_out: Mapping[str, str] = field(default_factory=dict)
    degraded: Mapping[str, str] = field(default_factory=dict)

    @property
    def pinned(self) -> dict[str, str]:
        """Give what a run is to tell of the models of sources: by key the source, the commit and the tree.

        Where a model has an environment of its own, its hash and the versions in it stand behind.
        """
        pins = {pin.key: pin for pin in self.lock.models}
        return {
            model.key: " ".join([pin.told, pin.commit, pin.tree, *filter(None, [pin.environment]), *pin.requirements])
            for model in self.catalog.running
            if (pin := pins.get(model.key)) is not None
        }


def find_project(start: Path) -> Path:
    """Give the nearest folder, from `start` upward, that holds `mlsm.toml`.

    Raises:
        ProjectError: no folder does.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / MANIFEST).is_file():
            return folder
    raise ProjectError(
        f"No {MANIFEST} in {str(start)!r} or in a folder around it.",
        hint="Run `mlsm init DIR` to make a project, or name one with `--project DIR`.",
    )


@collector_paused()  # which took an eighth of the time of importing the libraries of models
def load_project(
    folder: Path,
    environ: Mapping[str, str] = os.environ,
    *,
    text: str | None = None,
    lock: Lock | None = None,
    retired: bool = False,
    broken: Broken = "refuse",
) -> Project:
    """Read a project's file, the variables that override it, and its models.

    Args:
        folder: the folder that holds `mlsm.toml`.
        environ: the variables, of which those named `MLSM_*` are read.
        text: what the file would say, None for what it says.
        lock: what the lock would say, None for what it says.
        retired: whether retired versions of sources are loaded too.
        broken: what becomes of own models that cannot be loaded: `refuse` the project; or leave out
            files and entries without active versions (`drafts`); or let active versions
            stand there, too, and skip every record (`degraded`, of sources as well).

    Raises:
        ProjectError: there are mistakes; it tells all of them, each with its place and a hint.
    """
    folder = folder.resolve()
    document = None if text is None else read_document(folder, text)
    manifest, mistakes = read_manifest(folder, environ, document)
    lock = read_lock(folder) if lock is None else lock
    statuses = {status.key: status.status for status in manifest.statuses}
    home = cache_home(environ)
    pinned = load_pinned(
        manifest.origins, lock, statuses, project=folder, home=home, retired=retired, degraded=broken == "degraded"
    )
    own = own_models(manifest, folder, broken, {pin.key for pin in lock.models})
    catalog, wrong = _catalog(manifest, own, pinned)
    mistakes += wrong
    if mistakes:
        raise _error(f"Project {str(folder)!r}", mistakes)
    return Project(
        folder=folder,
        name=manifest.name,
        catalog=catalog,
        id_column=manifest.id_column,
        keep=manifest.keep,
        reading=manifest.reading,
        dialect=manifest.dialect,
        shape=manifest.shape,
        min_records=manifest.min_records,
        store_url=manifest.store_url,
        keep_inputs=manifest.keep_inputs,
        keep_results=manifest.keep_results,
        patience=manifest.patience,
        part_rows=manifest.part_rows,
        workers=manifest.workers,
        max_failed=manifest.max_failed,
        lock=lock,
        left_out=own.left_out | pinned.left_out,
        degraded=own.degraded | pinned.degraded,
    )


def load_catalog(path: Path) -> Catalog:
    """Load models from a .py file, a folder of them, or a project's folder.

    A project's file decides statuses and columns; without one the code alone does.

    Args:
        path: the file or folder.

    Raises:
        ProjectError: there is nothing of the kind, or there are mistakes, all of which it tells.
    """
    path = path.resolve()
    if (path / MANIFEST).is_file():
        return load_project(path).catalog
    if not path.is_dir() and path.suffix != ".py":
        raise ProjectError(
            f"No models at {str(path)!r}; expected a .py file, a folder of them, or a folder with {MANIFEST}.",
            hint="Look for a typing error in the path.",
        )
    root, text = (path, ".") if path.is_dir() else (path.parent, path.name)
    found = find_models([SourceEntry(text, str(path))], root)
    catalog, wrong = _standing(found.models if found.complete else (), "Say in the code which version is active.")
    if mistakes := [*found.mistakes, *wrong]:
        raise _error(f"The source {str(path)!r} of models", mistakes)
    return catalog


def _catalog(manifest: Manifest, own: OwnModels, pinned: Pinned) -> tuple[Catalog, list[Mistake]]:
    """Put the models together; where a file of theirs is unknown, nothing is held against it."""
    if pinned.mistakes:
        return Catalog(()), pinned.mistakes
    if not own.complete:
        return Catalog(()), own.mistakes
    known, doubles = distinct([*own.models, *pinned.models])
    if own.wrong_entries or not manifest.entries_complete:  # what they would have been called is unknown
        return Catalog(()), [*own.mistakes, *own.wrong_entries, *doubles]
    said = [status for status in manifest.statuses if status.key not in pinned.absent | own.absent]
    models, wrong_statuses = apply_statuses(known, said)
    models, wrong_columns = apply_columns(models, manifest.columns)
    models, wrong_failing = apply_failing(models, manifest.failing)
    wrong_columns += wrong_failing
    models, wrong_isolation = apply_isolation(models, manifest.isolation)
    if own.left_out or own.degraded or pinned.left_out or pinned.degraded:
        # What is said of their fields and their places cannot be held against what is not there.
        wrong_columns, wrong_isolation = [], []
    if wrong_isolation:  # the catalog would say the same once more, at another place
        return Catalog(()), [*own.mistakes, *doubles, *wrong_statuses, *wrong_columns, *wrong_isolation]
    lines = {f"{entry.said['name']}@{entry.said['version']}": entry.place for entry in manifest.entries}
    catalog, wrong = _standing(models, "Say in [models.active] which version is active, or mend the model.", lines)
    return catalog, [*own.mistakes, *doubles, *wrong_statuses, *wrong_columns, *wrong]


def _standing(
    models: Sequence[Model], hint: str, declared: Mapping[str, str] | None = None
) -> tuple[Catalog, list[Mistake]]:
    """Make the catalog, or tell at the models' files what keeps them from standing together.

    Args:
        models: the models.
        hint: what to do about it.
        declared: the places of those that the project's file declares.
    """
    places = {model.key: (model.source or model.key).rpartition(":")[0] for model in models} | dict(declared or {})
    try:
        catalog = Catalog(models)
    except CatalogError as error:
        problems = [(_place(problem, places), problem) for problem in error.problems]
        return Catalog(()), [Mistake(place, problem, error.hint or hint) for place, problem in problems]
    return catalog, list(_undigested(catalog, places))


def _undigested(catalog: Catalog, places: Mapping[str, str]) -> Iterator[Mistake]:
    """Take every digest now, while the files are those that were imported."""
    for model in catalog.values():
        taken = attempt(getattr, model, "digest")
        if isinstance(taken, Raised):
            failure = taken.failure
            message = f"the digest of {model.key!r} cannot be taken: {failure.type}: {failure.message}"
            yield Mistake(places[model.key], message, "Keep what the function reads in plain constants.")


def _place(problem: str, places: Mapping[str, str]) -> str:
    """Find the file of the first model that a problem names."""
    named = re.findall(r"'([^']*)'", problem)
    place = next((places[key] for key in named if key in places), MANIFEST)
    found = checkout_of(Path(place))
    return place if found is None else f"{found[1]} {Path(place).relative_to(found[0]).as_posix()}"


def _error(what: str, mistakes: Sequence[Mistake]) -> ProjectError:
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    ordered = sorted(mistakes, key=_rank)
    return ProjectError(f"{what} has {count}:", problems=[str(mistake) for mistake in ordered])


def _rank(mistake: Mistake) -> tuple[int, str, int]:
    """Order mistakes as one mends them: variables, the project file, the files of models; by line."""
    file, _, line = mistake.place.rpartition(":")
    if not line.isdecimal():
        file, line = mistake.place, "0"
    return 0 if file.startswith(PREFIX) else 1 if file == MANIFEST else 2, file, int(line)
