"""The models that the lock pins, loaded from the checkouts of this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mlsm._guard import Raised, attempt
from mlsm._model import AbsentModel, Isolation, Model, RuleSummary, SummaryModel
from mlsm.errors import ProjectError
from mlsm.project.checkout import as_called, checkout_of, find_checkout
from mlsm.project.described import described
from mlsm.project.environment import find_environment
from mlsm.project.lock import LOCK, Lock, Pin
from mlsm.project.mistakes import Mistake
from mlsm.project.origin import Origin, folder_of
from mlsm.project.repository import load_repository

__all__ = ["Pinned", "load_pinned", "pinned_version"]


@dataclass(frozen=True, slots=True)
class Pinned:
    """What came of the lock.

    Args:
        models: the models that could be loaded, as drafts.
        mistakes: why active versions could not.
        left_out: by key, why drafts could not.
        absent: keys that are known but not loaded: retired ones, and drafts that are left out.
        degraded: by key, why active versions could not, where something stands in for them.
    """

    models: list[Model] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    degraded: dict[str, str] = field(default_factory=dict)


def pinned_version(declared: str, origin: Origin, commit: str) -> str:
    """Give the version under which a model of a source is known: drafts of a branch bear the commit.

    Example:
        >>> acme = Origin(name="acme", url="https://git.example.com/acme", branch="develop")
        >>> pinned_version("2.0.0", acme, "8c943b7cf1")
        '2.0.0+8c943b7'
    """
    return f"{declared}+{commit[:7]}" if origin.follows else declared


def load_pinned(
    origins: Sequence[Origin],
    lock: Lock,
    statuses: Mapping[str, str],
    *,
    project: Path,
    home: Path,
    retired: bool,
    degraded: bool = False,
) -> Pinned:
    """Load what the lock pins of the sources that the project file lists.

    Args:
        origins: the sources.
        lock: the lock.
        statuses: by key, as the project file says them.
        project: the project's folder.
        home: the cache.
        retired: whether retired versions are loaded too.
        degraded: whether something stands in for active versions that cannot be loaded.
    """
    found = Pinned()
    named = {origin.name: origin for origin in origins}
    for origin in origins:
        if all(source.name != origin.name for source in lock.sources):
            message = f"the source {origin.name!r} is not in {LOCK} yet."
            found.mistakes.append(Mistake(origin.place, message, "Run `mlsm lock`."))
    groups: dict[tuple[str, ...], list[Pin]] = {}
    for pin in lock.models:
        if pin.source not in named:
            continue  # only what the project file lists is ever run
        if statuses.get(pin.key) == "retired" and not retired:
            found.absent.add(pin.key)
        else:
            groups.setdefault((pin.source, pin.url, pin.commit, pin.folder, pin.environment), []).append(pin)
    for (source, *_), pins in groups.items():
        for pin, answer in _loaded(named[source], pins, project, home):
            if isinstance(answer, Model):
                found.models.append(answer)
            else:
                _missed(found, pin, answer, active=statuses.get(pin.key) == "active", degraded=degraded)
    return found


def _missed(found: Pinned, pin: Pin, wrong: Mistake, *, active: bool, degraded: bool) -> None:
    """Tell of a version that cannot be loaded."""
    why = f"{wrong.message} {wrong.hint}"
    if active and degraded:
        found.degraded[pin.key] = why
        found.models.append(AbsentModel(pin.name, pin.version, why=why, known_digest=pin.digest))
    elif active:
        found.mistakes.append(wrong)
    else:
        found.left_out[pin.key] = why
        found.absent.add(pin.key)


def _loaded(origin: Origin, pins: list[Pin], project: Path, home: Path) -> Iterator[tuple[Pin, Model | Mistake]]:
    """Load one commit of a source, and answer for each of its pins."""
    place = _folder(origin, pins[0], project, home)
    found = place if isinstance(place, Mistake) else _models(origin, pins[0], place, home)
    for pin in pins:
        if isinstance(found, Mistake):
            yield pin, Mistake(found.place, f"{pin.key!r}: {found.message}", found.hint)
        elif isinstance(found.models, Raised):
            yield pin, _unloadable(pin, found.models, found.folder)
        else:
            yield pin, _chosen(pin, found.models, found.isolation)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The models of a commit, or what was raised, where they lie, and where they run."""

    models: Sequence[Model] | Raised
    folder: Path
    isolation: Isolation


def _models(origin: Origin, pin: Pin, folder: Path, home: Path) -> _Loaded | Mistake:
    if origin.inline:
        return _Loaded(attempt(load_repository, folder, origin.name), folder, origin.isolation)
    python = None
    if pin.environment and origin.may_have_environment:
        python = find_environment(pin.requirements, home)
        if python is None:
            return Mistake(LOCK, f"the environment of {pin.told} is not on this machine.", "Run `mlsm sync`.")
    isolation = origin.placed(python, pin.commit)
    asked = partial(described, folder, called=origin.name, isolation=isolation, home=home)
    return _Loaded(attempt(asked), folder, isolation)


def _folder(origin: Origin, pin: Pin, project: Path, home: Path) -> Path | Mistake:
    if origin.url is None:
        return folder_of(origin, project)
    found = find_checkout(origin, pin.commit, home)
    if found is None:
        message = f"commit {pin.commit[:7]} of source {origin.name!r} is not on this machine."
        return Mistake(LOCK, message, "Run `mlsm sync`.")
    if found.tree != pin.tree:
        message = f"commit {pin.commit[:7]} of source {origin.name!r} has other files here than {LOCK} says."
        return Mistake(LOCK, message, "Run `mlsm cache --clear --altered`, then `mlsm sync`.")
    return found.folder / pin.folder


def _unloadable(pin: Pin, raised: Raised, folder: Path) -> Mistake:
    error = raised.error
    if isinstance(error, ProjectError):
        if (found := checkout_of(folder / LOCK)) is not None:
            error = as_called(error, found[0], f"{pin.source} {pin.commit[:7]}")
        told = " ".join([error.message, *(problem.replace("\n    ", " ") for problem in error.problems)])
        return Mistake(LOCK, f"{pin.key!r} cannot be loaded: {told}", error.hint or "Mend it in its repository.")
    failure = raised.failure
    message = f"{pin.key!r} cannot be loaded: {failure.type}: {failure.message}."
    return Mistake(LOCK, message, "Mend it in its repository.")


def _chosen(pin: Pin, models: Sequence[Model], isolation: Isolation) -> Model | Mistake:
    """Find the pinned model among those of its commit; it must be the one that was locked."""
    names = (pin.version, pin.version.removesuffix(f"+{pin.commit[:7]}"))
    model = next((one for one in models if one.name == pin.name and one.version in names), None)
    if model is None:
        return Mistake(LOCK, f"{pin.key!r} is not in {pin.told} any more.", "Run `mlsm lock`.")
    if attempt(getattr, model, "digest") != pin.digest:
        message = f"{pin.key!r} of {pin.told} answers otherwise than when it was locked: its digest is another."
        return Mistake(LOCK, message, "Give what was changed a new version, and run `mlsm lock --upgrade`.")
    if not isinstance(model, RuleSummary):
        model = model.with_isolation(isolation)
    if isinstance(model, SummaryModel):
        model = model.with_siblings(_siblings(models, pin.version.removeprefix(model.version)))
    return model.with_version(pin.version).with_status("draft")


def _siblings(models: Sequence[Model], mark: str) -> dict[str, str]:
    """Give the keys that the models of one commit have here, by what a summary of it may call them.

    Args:
        models: the models, with the versions that they give themselves.
        mark: what stands behind each of these versions here.
    """
    names = Counter(model.name for model in models)
    siblings = {model.key: f"{model.key}{mark}" for model in models}
    return siblings | {model.name: f"{model.key}{mark}" for model in models if names[model.name] == 1}
