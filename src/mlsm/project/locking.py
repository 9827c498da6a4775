"""Resolve sources to commits and pin their model versions: the lock as it would be, as a value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlsm._model import Model
from mlsm.errors import ProjectError
from mlsm.project.checkout import as_called, refuse_pointers, tree_of, unaltered
from mlsm.project.described import Processes, described
from mlsm.project.environment import environment, python_version, resolved
from mlsm.project.finder import installed_finder
from mlsm.project.lock import Lock, Pin, SourcePin, environment_hash, sorted_lock
from mlsm.project.origin import Origin, folder_of
from mlsm.project.pinned import pinned_version
from mlsm.project.repository import check_repository, load_repository
from mlsm.project.revisions import resolve

__all__ = ["Relocked", "relock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocked:
    """A lock as it would be.

    Args:
        lock: the whole lock.
        models: by key, the models that are pinned anew.
        dropped: keys that the lock pinned before and would not any more.
        fetched: names of the sources whose commit was not on this machine before.
    """

    lock: Lock
    models: Mapping[str, Model]
    dropped: tuple[str, ...]
    fetched: frozenset[str] = frozenset()


def relock(
    origins: Sequence[Origin],
    lock: Lock,
    statuses: Mapping[str, str],
    *,
    upgrade: Collection[str],
    project: Path,
    home: Path,
    tell: Callable[[str], None] | None = None,
    processes: Processes | None = None,
) -> Relocked:
    """Resolve what is new or to be upgraded; all else stays as it is pinned.

    Versions of which the project file speaks are kept, whatever their source holds now; drafts
    of a former commit of which it does not speak go.

    Args:
        origins: the sources that the project file lists.
        lock: the lock as it is.
        statuses: by key, as the project file says them.
        upgrade: names of the sources whose branch or tag is resolved again.
        project: the project's folder.
        home: the cache.
        tell: is told where something takes long.
        processes: keeps the processes that told of models; unless given, they end.

    Raises:
        ProjectError: a source cannot be fetched or loaded; a tag was moved; or a version that the
            project file speaks of, or that another source has, is another model there.
    """
    sources: list[SourcePin] = []
    pins: list[Pin] = []
    models: dict[str, Model] = {}
    fetched: set[str] = set()
    former = {source.name: source for source in lock.sources}
    for origin in origins:
        known = [pin for pin in lock.models if pin.source == origin.name]
        before = former.get(origin.name)
        if before is not None and _same(before, origin) and origin.name not in upgrade:
            sources.append(before)
            pins += known
            continue
        source, made, anew = _pinned(
            origin, before, project, home, again=origin.name in upgrade, tell=tell, processes=processes
        )
        sources.append(source)
        fetched |= {origin.name} if anew else set()
        merged = _merged(origin, known, [pin for pin, _ in made], statuses)
        pins += merged
        models |= {pin.key: model for pin, model in made if pin in merged}
    _refuse_doubles(pins)
    new = sorted_lock(sources, pins)
    kept = {pin.key for pin in pins}
    dropped = tuple(pin.key for pin in lock.models if pin.key not in kept)
    return Relocked(lock=new, models=models, dropped=dropped, fetched=frozenset(fetched))


def _same(source: SourcePin, origin: Origin) -> bool:
    return (source.url, source.wants, source.folder) == (origin.told, origin.wants, origin.folder)


def _pinned(
    origin: Origin,
    before: SourcePin | None,
    project: Path,
    home: Path,
    *,
    again: bool,
    tell: Callable[[str], None] | None,
    processes: Processes | None,
) -> tuple[SourcePin, list[tuple[Pin, Model]], bool]:
    """Resolve a source, fetch and load it: how it is pinned, its models, and whether its commit was absent."""
    anew = False
    if origin.url is None:
        commit, folder = "", folder_of(origin, project)
        if not folder.is_dir():
            raise ProjectError(
                f"The source {origin.name!r} is the folder {str(folder)!r}, which is not there.",
                hint=f"Paths start from {str(project)!r}.",
            )
        refuse_pointers(folder, f"The folder {origin.path!r} of source {origin.name!r}")
        tree, top = tree_of(folder), folder
    else:
        commit = resolve(origin)
        if before is not None and origin.tag is not None and _same(before, origin) and before.commit != commit:
            raise ProjectError(
                f"The tag {origin.tag!r} of {origin.told!r} was moved from commit {before.commit[:7]} to "
                f"{commit[:7]}; expected a tag to stay.",
                hint=f'Nothing was changed. If the move is meant, name it in [[source]]: commit = "{commit}".',
            )
        found = unaltered(origin, commit, home, tell)
        tree, top, folder = found.tree, found.folder, found.folder / origin.folder
        anew = found.fetched
        if not folder.is_dir():
            raise ProjectError(f"There is no folder {origin.folder!r} in {origin.told!r} at commit {commit[:7]}.")
    try:
        requirements = _requirements(origin, folder, home, again=again)
        models = _load(origin, commit, folder, requirements, home, tell, processes)
    except ProjectError as error:
        told = error if origin.url is None else as_called(error, top, f"{origin.name} {commit[:7]}")
        raise _with_hint(told, origin, top) from error
    source = SourcePin(
        name=origin.name, url=origin.told, wants=origin.wants, folder=origin.folder, commit=commit, tree=tree
    )
    made = [(_pin(origin, source, model, requirements), model) for model in models]
    installed_finder().release(folder)  # another source may have modules of the same names
    return source, made, anew


def _requirements(origin: Origin, folder: Path, home: Path, *, again: bool) -> tuple[str, ...]:
    """Find the versions that the environment of a source holds; none where it has none of its own."""
    if not origin.may_have_environment:
        return ()
    from mlsm.project.requirements import stated_requirements, with_ours

    stated = stated_requirements(folder, origin.name, python_version())
    if not stated and origin.isolation.rung == "env":
        stated = with_ours(())
    if not stated:
        return ()
    check_repository(folder, origin.name)  # a mistake is told in an instant, an environment takes minutes
    return resolved(stated, home, origin.name, again=again)


def _load(
    origin: Origin,
    commit: str,
    folder: Path,
    requirements: Sequence[str],
    home: Path,
    tell: Callable[[str], None] | None,
    processes: Processes | None,
) -> list[Model]:
    """Load the models of a source where its code is to run: in its environment, which is built if it must be.

    Raises:
        ProjectError: the environment cannot be built, or the models cannot be loaded.
    """
    if origin.inline:
        return load_repository(folder, origin.name)
    python = environment(requirements, home, origin.name, tell) if requirements else None
    isolation = origin.placed(python, commit)
    return described(folder, called=origin.name, isolation=isolation, home=home, processes=processes)


def _with_hint(error: ProjectError, origin: Origin, top: Path) -> ProjectError:
    """Tell of submodules that were left out: what cannot be loaded may be in one of them."""
    if origin.url is None or origin.submodules or not (top / ".gitmodules").is_file():
        return error
    return ProjectError(
        error.message,
        problems=error.problems,
        hint="Its submodules are not fetched; if they hold what is missing, write `submodules = true` in [[source]].",
    )


def _pin(origin: Origin, source: SourcePin, model: Model, requirements: tuple[str, ...]) -> Pin:
    return Pin(
        name=model.name,
        version=pinned_version(model.version, origin, source.commit),
        source=source.name,
        url=source.url,
        folder=source.folder,
        commit=source.commit,
        tree=source.tree,
        digest=model.digest,
        requirements=requirements,
        environment=environment_hash(requirements) if requirements else "",
    )


def _merged(origin: Origin, known: list[Pin], made: list[Pin], statuses: Mapping[str, str]) -> list[Pin]:
    """Put new pins beside the old ones that the project file speaks of."""
    kept = {pin.key: pin for pin in known if pin.key in statuses}
    merged = list(kept.values())
    for pin in made:
        old = kept.get(pin.key)
        if old is None:
            merged.append(pin)
        elif old.digest != pin.digest and origin.url is not None:
            raise ProjectError(
                f"{pin.key!r} is {statuses[pin.key]} and pinned to {old.told}, but {pin.told} has another model "
                "under that version.",
                hint="Give what was changed a new version in its repository. Nothing was changed here.",
            )
        elif old.environment != pin.environment and (statuses[pin.key] == "active" or origin.url is not None):
            if old.commit == pin.commit and origin.url is not None:
                continue  # newer versions of its dependencies came out; it stays on those with which it was locked
            raise _other_environment(origin, old, pin, statuses[pin.key])
        elif old.digest != pin.digest and statuses[pin.key] == "active":
            raise ProjectError(
                f"{pin.key!r} is active, but the folder {origin.path!r} has another model under that version now.",
                hint="Give what was changed a new version. Nothing was changed here.",
            )
        elif origin.url is None:
            merged[merged.index(old)] = pin  # a folder holds what it holds now, and no former commit
    return merged


def _other_environment(origin: Origin, old: Pin, pin: Pin, status: str) -> ProjectError:
    """Say that a version would run on other dependencies than those with which it was locked."""
    changed = sorted({*old.requirements} ^ {*pin.requirements})
    return ProjectError(
        f"{pin.key!r} is {status} and locked with other versions of its dependencies than {pin.told} resolves to now.",
        problems=[f"{'locked' if one in old.requirements else 'now'}  {one}" for one in changed],
        hint=f"Give it a new version in {origin.told or origin.path!r}: with other libraries it may answer otherwise. "
        "Nothing was changed here.",
    )


def _refuse_doubles(pins: Sequence[Pin]) -> None:
    seen: dict[str, Pin] = {}
    for pin in pins:
        first = seen.setdefault(pin.key, pin)
        if first is not pin:
            raise ProjectError(
                f"{pin.key!r} comes from the source {first.source!r} and from {pin.source!r}; "
                "expected one model a version.",
                hint="Give one of them another name or version in its repository. Nothing was changed here.",
            )
