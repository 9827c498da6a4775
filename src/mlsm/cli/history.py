"""Tell which version of each model was active when: by the runs, and by the history file.

The runs are what happened: a version counts as active from the first run in which it was
until the next in which another was. mlsm-history.ndjson tells who changed it and why;
where the two disagree, that is told. --at answers for one moment, a day for its end.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlsm._spelling import meant
from mlsm.cli.opening import add_json, add_store, opened_store, place_of_project, time_of
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import clean, moment
from mlsm.errors import UnknownNameError

if TYPE_CHECKING:
    from mlsm.contracts import RunEntry
    from mlsm.project.history import Event

__all__ = ["EXAMPLES", "add_arguments", "run"]

_WEEK = re.compile(r"\d{4}-?W\d\d")
EXAMPLES = "example:\n  mlsm history\n  mlsm history fit --at 2026-11-24"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="one model (default: all)")
    parser.add_argument("--at", type=end_of, metavar="DATE", help="what was active then (UTC; a day means its end)")
    add_store(parser)
    add_json(parser)


def end_of(text: str) -> datetime:
    """Read a time; a day alone means its last microsecond, and so does a week.

    Example:
        >>> end_of("2026-11-24").isoformat()
        '2026-11-24T23:59:59.999999+00:00'
        >>> end_of("2026-W48").isoformat()
        '2026-11-29T23:59:59.999999+00:00'
    """
    read = time_of(text)
    if len(text) > len("2026-11-24"):
        return read
    return read + timedelta(days=7 if _WEEK.fullmatch(text) else 1, microseconds=-1)


def run(args: Namespace, terminal: Terminal) -> int:
    """Tell the history."""
    from mlsm.project.promotion import known_history

    project = place_of_project(args)
    events = known_history(project.folder)
    with opened_store(args.store, project) as store:
        runs = [entry for entry in store.runs() if entry.plan.purpose == "live"][::-1]
    names = sorted({m.name for r in runs for m in r.plan.models} | {event.name for event in events if event.name})
    if args.name is not None and args.name not in names:
        raise UnknownNameError(
            f"Neither a run nor the history knows a model {args.name!r}.", hint=meant(args.name, names)
        )
    wanted = names if args.name is None else [args.name]
    if args.at is not None:
        found = [_at(name, args.at, runs, events) for name in wanted]
    else:
        found = sorted((row for name in wanted for row in _rows(name, runs, events)), key=lambda row: row["at"])
    if terminal.json:
        terminal.document(found)
    elif not found:
        terminal.say("No history yet: nothing was scored, and nothing is active by mlsm.toml.")
    else:
        _show(found, terminal, at=args.at)
    return 0


def _at(name: str, at: datetime, runs: Sequence[RunEntry], events: Sequence[Event]) -> dict[str, Any]:
    """Answer for one moment: the version of the last run before it, and what the history file says."""
    from mlsm.project.history import active_at

    last = next((entry for entry in reversed(runs) if entry.started_at <= at), None)
    version = None if last is None else _active(last, name)
    by_file = active_at(events, at).get(name)
    at_run = None if last is None else active_at(events, last.started_at).get(name)
    begun = any(event.name == name and event.at <= (at if last is None else last.started_at) for event in events)
    return {
        "model": name,
        "active": version,
        "run": None if last is None else last.run_id,
        "run_at": None if last is None else last.started_at,
        "by_history_file": by_file,
        "disagrees": begun and last is not None and at_run != version,
    }


def _rows(name: str, runs: Sequence[RunEntry], events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    """Yield what changed, by the runs and by the history file."""
    from mlsm.project.history import active_at, counted

    before: str | None = None
    for entry in runs:
        version = _active(entry, name)
        if version != before:
            begun = any(event.name == name and event.at <= entry.started_at for event in events)
            disagrees = begun and active_at(events, entry.started_at).get(name) != version
            yield {
                "at": entry.started_at, "model": name, "what": "ran", "from": before, "to": version,
                "by": f"run {entry.run_id[:13]}", "why": "the history file disagrees" if disagrees else "",
            }  # fmt: skip
            before = version
    for event in counted(events):
        if event.name == name:
            words = {"edit": "changed by hand", "found": "history begins"}
            what = words.get(event.what, event.what)
            yield {
                "at": event.at, "model": name, "what": what, "from": event.before, "to": event.to,
                "by": event.by, "why": event.why,
            }  # fmt: skip


def _active(entry: RunEntry, name: str) -> str | None:
    return next((m.version for m in entry.plan.models if m.name == name and m.status == "active"), None)


def _show(found: list[dict[str, Any]], terminal: Terminal, *, at: datetime | None) -> None:
    if at is None:
        keys = ("at", "model", "what", "from", "to", "by", "why")
        titles = {"at": "when (UTC)"}
        terminal.table(Table(columns=tuple(Column(key=key, title=titles.get(key)) for key in keys), rows=found))
        return
    for row in found:
        if row["run"] is None:
            terminal.write(f"{clean(row['model'])}: no run had begun by {moment(at)} UTC")
        elif row["active"] is None:
            terminal.write(f"{clean(row['model'])}: no version was active in run {row['run']}")
        else:
            told = f"in run {row['run']} of {moment(row['run_at'])} UTC"
            terminal.write(f"{clean(row['model'])}@{clean(row['active'])} was active {told}")
        if row["disagrees"]:
            terminal.write("  mlsm-history.ndjson disagrees for that run; the run is right.", style="yellow")
        elif row["by_history_file"] not in (None, row["active"]):
            told = f"{clean(row['model'])}@{clean(row['by_history_file'])}"
            terminal.write(f"  {told} had been made active by then, but no run had begun with it.", style="dim")
