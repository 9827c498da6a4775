"""Another version becomes active, or the last such change is taken back."""

from __future__ import annotations

import errno
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlsm._model import STATUSES
from mlsm.errors import ProjectError
from mlsm.project.changing import held_project, replace_file
from mlsm.project.document import MANIFEST, project_text
from mlsm.project.edits import with_statuses
from mlsm.project.history import HISTORY, Event, agrees, append, counted, mend, missing, read_history, told_by
from mlsm.project.lock import LOCK, Pin, read_lock

__all__ = [
    "Move", "active_in", "carry_out", "known_history", "mended", "noted", "project_text", "promoting", "said_of",
    "taking_back",
]  # fmt: skip

_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A change of statuses, as a value: nothing is done yet.

    Args:
        what: `promote` or `rollback`.
        name: the model.
        before: the version that is active, None where none is.
        to: the version that becomes active, None for none.
        statuses: by version what the project file is to say afterwards.
        why: the reason given.
        of: for a rollback the id of the promotion that it takes back.
    """

    what: str
    name: str
    before: str | None
    to: str | None
    statuses: Mapping[str, str | None]
    why: str = ""
    of: str = ""


def active_in(text: str) -> dict[str, str]:
    r"""Give by name the version that a project file makes active.

    Example:
        >>> active_in('[models.active]\nfit = "1.2.0"')
        {'fit': '1.2.0'}
    """
    said = tomllib.loads(text).get("models", {}).get("active", {})
    found = {name: [one] if isinstance(one, str) else one for name, one in said.items()}
    return {name: versions[0] for name, versions in found.items() if versions}


def said_of(text: str, name: str) -> dict[str, str]:
    """Give by version the status that a project file gives a model's versions."""
    models = tomllib.loads(text).get("models", {})
    said: dict[str, str] = {}
    for status in STATUSES:
        versions = models.get(status, {}).get(name, [])
        said |= dict.fromkeys([versions] if isinstance(versions, str) else versions, status)
    return said


def mended(folder: Path) -> list[Event]:
    """Bring a project's history in line with its file, and give it."""
    with held_project(folder):
        return mend(folder, active_in(project_text(folder)))


def known_history(folder: Path) -> list[Event]:
    """Give a project's history as it is once it was mended, also to those who may only read the project."""
    try:
        return mended(folder)
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
        events = read_history(folder)
        return [*events, *missing(events, active_in(project_text(folder)))]


def noted(folder: Path) -> None:
    """Mend the history as `mended` does, where that is needed and can be done.

    What only reads the project asks for it, so a folder that cannot be written, or a command that
    is changing the project just now, which does it itself, are no reason to fail; nor is a damaged
    history, which the commands that need it tell of.
    """
    with suppress(OSError, ProjectError):
        events = read_history(folder)
        if not events or agrees(events, active_in(project_text(folder))):
            return  # a history begins with the first promotion
        with held_project(folder, patience=0):
            mend(folder, active_in(project_text(folder)))


def carry_out(folder: Path, move: Move, seen: str, pin: Pin | None = None) -> Event:
    """Write the intent, replace the project file, write that it was done.

    Args:
        folder: the project's folder.
        move: what to change.
        seen: the text of the project file on which the move was decided.
        pin: how the lock pinned the version that becomes active, None where it comes from no source.

    Raises:
        ProjectError: the project file, or the pin, has changed since.
    """
    with held_project(folder):
        text = project_text(folder)
        if text != seen or (pin is not None and read_lock(folder).of(pin.key) != pin):
            changed = MANIFEST if text != seen else LOCK
            raise ProjectError(
                f"{changed} was changed by another command or by hand meanwhile; nothing was changed.",
                hint="Look at what it says now, then run the command again.",
            )
        edited = with_statuses(text, move.name, move.statuses)
        mend(folder, active_in(text))
        said = said_of(text, move.name)
        was = {version: said.get(version, "") for version in move.statuses}
        told = {"name": move.name, "from": move.before, "to": move.to, "why": move.why, "of": move.of, "was": was}
        event = append(folder, told_by(move.what, **told))
        replace_file(folder / MANIFEST, edited.encode())
        append(folder, told_by("done", of=event.id))
        return event


def taking_back(folder: Path, name: str | None, text: str, why: str) -> Move:
    """Say what takes the last promotion back: of a name, or of any.

    Raises:
        ProjectError: there is none, the statuses were changed by hand since, or what was done before
            the last command would be undone although no version would be active then.
    """
    moves = [event for event in counted(read_history(folder)) if event.what in ("promote", "rollback")]
    back = {event.of for event in moves}
    meant = [event for event in moves if name is None or event.name == name]
    left = [event for event in meant if event.what == "promote" and event.id not in back]
    if not left:
        which = "no promotion" if name is None else f"no promotion of {name!r}"
        raise ProjectError(
            f"{HISTORY} tells of {which} that was not taken back.",
            hint="`mlsm history` tells what was active; `mlsm promote NAME@VERSION` makes any version active.",
        )
    last = left[-1]
    now = active_in(text).get(last.name)
    if now != last.to:
        raise ProjectError(
            f"Version {last.to!r} of {last.name!r} was promoted last, but {MANIFEST} makes "
            f"{'none' if now is None else repr(now)} active now.",
            hint="It was changed by hand since; `mlsm promote NAME@VERSION` makes any version active.",
        )
    if last.before is None and last is not meant[-1]:  # a rollback that is repeated by mistake must not end scoring
        raise ProjectError(
            f"{last.name}@{last.to} stays active: its promotion was the first of {last.name!r}, and what was promoted "
            "later is taken back already; without it no version would be active.",
            hint=f"`mlsm promote {last.name}@VERSION` makes another version active; for none, take its line out of "
            "[models.active].",
        )
    return Move(
        what="rollback",
        name=last.name,
        before=last.to,
        to=last.before,
        statuses=_restored(last),
        why=why,
        of=last.id,
    )


def _restored(event: Event) -> dict[str, str | None]:
    """Give both versions their former status; one that only its code had stays a draft."""
    statuses: dict[str, str | None] = {version: status or "draft" for version, status in event.was.items()}
    if event.before is not None:
        statuses[event.before] = "active"
    return statuses


def promoting(name: str, *, before: str | None, to: str, old: str, why: str) -> Move:
    """Say what makes a version active, and the one before a draft or retired.

    Example:
        >>> promoting("fit", before="1", to="2", old="retired", why="").statuses
        {'2': 'active', '1': 'retired'}
    """
    statuses: dict[str, str | None] = {to: "active"}
    if before is not None:
        statuses[before] = old
    return Move(what="promote", name=name, before=before, to=to, statuses=statuses, why=why)
