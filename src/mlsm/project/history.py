"""`mlsm-history.ndjson`: who made which version active, when and why.

A line tells what is about to be done, before `mlsm.toml` is replaced; a line `done` follows.
Where a process was killed between the two, the project file says whether it was done, and
the next command writes the line that is missing. What was changed by hand it notes too.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

import msgspec

from mlsm.errors import ProjectError
from mlsm.project.changing import append_line

__all__ = ["HISTORY", "Event", "active_at", "agrees", "append", "counted", "mend", "missing", "read_history", "told_by"]

HISTORY = "mlsm-history.ndjson"
_MOVES = ("promote", "rollback")
_STATED = ("found", "edit")


class Event(msgspec.Struct, frozen=True, kw_only=True, rename={"before": "from"}, omit_defaults=True):
    """One line of the history.

    Args:
        format: the version of this format.
        id: its own id.
        at: when, UTC.
        by: the user's name on that machine.
        what: `promote` or `rollback` (an intent), `done` or `undone` (what became of one),
            `found` (as the history began), `edit` (found changed by hand).
        name: the model.
        before: the version that was active, None where none was.
        to: the version that becomes active, None for none.
        why: the reason given.
        of: the id of the line that this one speaks of: for a rollback the promotion.
        was: the statuses that the project file gave both versions before, "" where it gave none.
    """

    format: Literal[1] = 1
    id: str
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    by: str
    what: Literal["promote", "rollback", "done", "undone", "found", "edit"]
    name: str = ""
    before: str | None = None
    to: str | None = None
    why: str = ""
    of: str = ""
    was: dict[str, str] = {}


def told_by(what: str, **said: object) -> Event:
    """Make a line of now, by whoever runs this."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        user = "unknown"
    return msgspec.convert(
        {"id": uuid4().hex, "at": datetime.now(UTC), "by": user, "what": what, "format": 1, **said}, Event
    )


def read_history(folder: Path) -> list[Event]:
    """Read a project's history, oldest first; half a line at its end was never written.

    Raises:
        ProjectError: lines are none of ours.
    """
    try:
        content = (folder / HISTORY).read_bytes()
    except FileNotFoundError:
        return []
    events, problems = [], []
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            events.append(msgspec.json.decode(line, type=Event))
        except msgspec.MsgspecError as error:
            problems.append(f"{HISTORY}:{number}: this is no line of a history of format 1: {error}.")
    if problems:
        raise ProjectError(
            f"{HISTORY} has {'1 mistake' if len(problems) == 1 else f'{len(problems)} mistakes'}:",
            problems=problems,
            hint=f"Take {HISTORY} from the project's repository, or move it away: the runs tell what was active. "
            "A newer format needs a newer mlsm.",
        )
    return events


def append(folder: Path, event: Event) -> Event:
    """Write a line at the history's end, whole and on disk, and give it back."""
    append_line(folder / HISTORY, msgspec.json.encode(event))
    return event


def counted(events: Iterable[Event]) -> list[Event]:
    """Give the lines by which something changed: intents that were carried out, and what was found."""
    events = list(events)
    done = {event.of for event in events if event.what == "done"}
    return [event for event in events if event.what in _STATED or (event.what in _MOVES and event.id in done)]


def active_at(events: Iterable[Event], moment: datetime | None = None) -> dict[str, str]:
    """Give the active version of each name at a moment, as the history has it."""
    active: dict[str, str] = {}
    for event in counted(events):
        if moment is not None and event.at > moment:
            break
        if event.to is None:
            active.pop(event.name, None)
        else:
            active[event.name] = event.to
    return active


def agrees(events: Sequence[Event], active: Mapping[str, str]) -> bool:
    """Tell whether a history says what the project file says, and each intent is answered."""
    answered = {event.of for event in events if event.what in ("done", "undone")}
    return active_at(events) == active and all(e.id in answered for e in events if e.what in _MOVES)


def mend(folder: Path, active: Mapping[str, str]) -> list[Event]:
    """Bring the history in line with the project file, and give it.

    Args:
        folder: the project's folder, whose lock the caller holds.
        active: by name the version that the project file makes active now.
    """
    events = read_history(folder)
    return [*events, *(append(folder, event) for event in missing(events, active))]


def missing(events: Sequence[Event], active: Mapping[str, str]) -> list[Event]:
    """Give the lines that a history lacks: what became of intents, and what was changed by hand.

    Args:
        events: the history.
        active: by name the version that the project file makes active now.
    """
    found: list[Event] = []
    answered = {event.of for event in events if event.what in ("done", "undone")}
    for event in [event for event in events if event.what in _MOVES and event.id not in answered]:
        confirmed = active.get(event.name) == event.to
        found.append(told_by("done" if confirmed else "undone", of=event.id))
    what = "edit" if events else "found"
    known = active_at([*events, *found])
    changed = [name for name in sorted({*known, *active}) if known.get(name) != active.get(name)]
    stated = (told_by(what, name=name, **{"from": known.get(name), "to": active.get(name)}) for name in changed)
    return [*found, *stated]
