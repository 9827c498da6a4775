"""What this machine holds of what the lock pins, and fetching the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mlsm._guard import attempt
from mlsm.errors import ProjectError
from mlsm.project.checkout import checkout, find_checkout, tree_of
from mlsm.project.described import described
from mlsm.project.environment import altered, environment, find_environment
from mlsm.project.lock import LOCK, Lock
from mlsm.project.origin import Origin, folder_of

__all__ = ["Held", "held", "sync", "unlocked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One commit of a source, and whether this machine has it.

    Args:
        source: the source's name.
        commit: the commit, "" for a folder of this machine.
        models: the versions that are pinned to it.
        state: `here`, `absent`, `not built` where its environment is, `altered` where its files
            are not those that the lock means; after a sync `here`, or `fetched` or `built` where
            the commit, or its environment alone, was absent before.
    """

    source: str
    commit: str
    models: tuple[str, ...]
    state: str


def held(origins: Sequence[Origin], lock: Lock, *, project: Path, home: Path) -> list[Held]:
    """Tell of every pinned commit whether this machine has it, without changing anything."""
    return [
        Held(source=origin.name, commit=commit, models=models, state=_whole(origin, commit, tree, lock, project, home))
        for origin, commit, tree, models in _wanted(origins, lock)
    ]


def sync(
    origins: Sequence[Origin], lock: Lock, *, project: Path, home: Path, tell: Callable[[str], None] | None = None
) -> list[Held]:
    """Fetch what is absent, and hold the files of every commit, and its environments, against the lock.

    Raises:
        ProjectError: a commit cannot be fetched; or its files, or the versions of its dependencies, differ
            from what the lock says.
    """
    wanted = _wanted(origins, lock)
    states = [_fetched(origin, commit, tree, project, home, tell) for origin, commit, tree, _ in wanted]
    for origin, commit, _, _ in wanted:
        for requirements in _environments(origin, commit, lock):
            if difference := altered(requirements, home):
                raise _other_versions(origin, difference)
    done = []
    for (origin, commit, _, models), fetched in zip(wanted, states, strict=True):
        state = fetched
        for requirements in _environments(origin, commit, lock):
            if find_environment(requirements, home) is None:
                environment(requirements, home, origin.name, tell)
                state = "built" if state == "here" else state
        if state != "here":
            _tell_of(origin, commit, lock, home)
        done.append(Held(source=origin.name, commit=commit, models=models, state=state))
    return done


def _fetched(
    origin: Origin, commit: str, tree: str, project: Path, home: Path, tell: Callable[[str], None] | None
) -> str:
    """Have a commit's files here, those that the lock means, before anything is made of any of them."""
    state = _state(origin, commit, home)
    if origin.url is None:
        found = tree_of(folder_of(origin, project))
    else:
        found = tree_of(checkout(origin, commit, home, tell).folder)
    if found != tree:
        raise _other_files(origin, commit)
    return "fetched" if state == "absent" else state


def _tell_of(origin: Origin, commit: str, lock: Lock, home: Path) -> None:
    """Let a commit's process tell of its models now, so that who loads the project finds that in the cache.

    What is wrong with them is told there, too, for each version by its status.
    """
    place = None if origin.url is None else find_checkout(origin, commit, home)
    if origin.inline or place is None:
        return
    pins = [pin for pin in lock.models if pin.source == origin.name and pin.commit == commit]
    for folder, requirements in dict.fromkeys((pin.folder, pin.requirements) for pin in pins):
        python = find_environment(requirements, home) if requirements and origin.may_have_environment else None
        isolation = origin.placed(python, commit)
        attempt(partial(described, place.folder / folder, called=origin.name, isolation=isolation, home=home))


def unlocked(origins: Sequence[Origin], lock: Lock) -> list[str]:
    """Name the sources that the lock does not pin as the project file wants them."""
    pinned = {source.name: (source.url, source.wants, source.folder) for source in lock.sources}
    return [o.name for o in origins if pinned.get(o.name) != (o.told, o.wants, o.folder)]


def _wanted(origins: Sequence[Origin], lock: Lock) -> list[tuple[Origin, str, str, tuple[str, ...]]]:
    wanted: list[tuple[Origin, str, str, tuple[str, ...]]] = []
    for origin in origins:
        trees = {source.commit: source.tree for source in lock.sources if source.name == origin.name}
        trees |= {pin.commit: pin.tree for pin in lock.models if pin.source == origin.name}
        for commit, tree in trees.items():
            keys = tuple(pin.key for pin in lock.models if pin.source == origin.name and pin.commit == commit)
            wanted.append((origin, commit, tree, keys))
    return wanted


def _environments(origin: Origin, commit: str, lock: Lock) -> list[tuple[str, ...]]:
    """Give the versions in the environments of a commit; as a rule there is one."""
    if not origin.may_have_environment:
        return []
    pins = [pin for pin in lock.models if pin.source == origin.name and pin.commit == commit and pin.environment]
    return list(dict.fromkeys(pin.requirements for pin in pins))


def _whole(origin: Origin, commit: str, tree: str, lock: Lock, project: Path, home: Path) -> str:
    """Tell whether a commit is here as it was locked, and its environments are."""
    if origin.url is None:
        folder = folder_of(origin, project)
        found = tree_of(folder) if folder.is_dir() else ""
    else:
        place = find_checkout(origin, commit, home)
        if place is None:
            return "absent"
        found = place.tree
    if found != tree:
        return "altered"
    built = all(find_environment(one, home) is not None for one in _environments(origin, commit, lock))
    return "here" if built else "not built"


def _state(origin: Origin, commit: str, home: Path) -> str:
    return "here" if origin.url is None or find_checkout(origin, commit, home) is not None else "absent"


def _other_versions(origin: Origin, difference: str) -> ProjectError:
    return ProjectError(
        f"The environment of source {origin.name!r} holds {difference}; expected what {LOCK} says.",
        hint="Something was installed into it: `mlsm cache --clear --altered`, then `mlsm sync`.",
    )


def _other_files(origin: Origin, commit: str) -> ProjectError:
    if origin.url is None:
        return ProjectError(
            f"The folder {origin.path!r} of source {origin.name!r} has other files than {LOCK} says.",
            hint="`mlsm lock --upgrade` pins what is there now.",
        )
    return ProjectError(
        f"Commit {commit[:7]} of source {origin.name!r} has other files here than {LOCK} says.",
        hint="Something changed the cache: `mlsm cache --clear --altered`, then `mlsm sync`. "
        "If it stays so, trust neither.",
    )
