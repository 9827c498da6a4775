"""Put a new project file and a new lock in place, under the project's lock."""

from __future__ import annotations

from pathlib import Path

from mlsm.errors import ProjectError
from mlsm.project.changing import held_project, replace_file
from mlsm.project.document import MANIFEST, project_text
from mlsm.project.lock import LOCK, Lock, lock_text, read_lock

__all__ = ["Seen", "apply", "seen"]


class Seen:
    """What a project's files said when something was decided on them."""

    __slots__ = ("lock", "text")

    def __init__(self, text: str, lock: Lock) -> None:
        self.text = text
        self.lock = lock


def seen(folder: Path) -> Seen:
    """Read a project's file and its lock."""
    return Seen(project_text(folder), read_lock(folder))


def apply(folder: Path, before: Seen, *, text: str, lock: Lock) -> None:
    """Replace both files, each in one step.

    What the lock holds beyond the project file's sources is never looked at, so it grows
    first and shrinks last: a process killed between leaves the old state or the new one.

    Raises:
        ProjectError: one of the files was changed since it was read.
    """
    with held_project(folder):
        now = seen(folder)
        if now.text != before.text or now.lock != before.lock:
            raise ProjectError(
                f"{MANIFEST} or {LOCK} was changed by another command or by hand meanwhile; nothing was changed.",
                hint="Run the command again.",
            )
        if text == before.text:
            _replace(folder / LOCK, lock_text(lock), before.lock != lock)
            return
        both = {pin.key: pin for pin in (*before.lock.models, *lock.models)}
        sources = {pin.name: pin for pin in (*before.lock.sources, *lock.sources)}
        grown = Lock(sources=tuple(sources.values()), models=tuple(both.values()))
        _replace(folder / LOCK, lock_text(grown), grown != before.lock)
        _replace(folder / MANIFEST, text, changed=True)
        _replace(
            folder / LOCK, lock_text(lock), set(grown.models) != set(lock.models) or len(sources) != len(lock.sources)
        )


def _replace(file: Path, text: str, changed: bool) -> None:
    if changed or not file.exists():
        replace_file(file, text.encode())
