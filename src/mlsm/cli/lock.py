"""Pin models to the commits of their sources, in mlsm.lock.

A source that mlsm.toml names anew is resolved; with --upgrade all are, or those named, by
their own names or by a model that they hold: a
branch to its newest commit, whose models arrive as drafts. Versions that mlsm.toml speaks
of stay pinned as they are. A tag that was moved, and another model under a version that is
pinned, are refused.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlsm._spelling import meant
from mlsm.cli.changing import add_commit, commit_change
from mlsm.cli.opening import add_json
from mlsm.cli.sources import checked_models, lacking_columns, last_columns, open_sources, show_lacking
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.errors import UnknownNameError

if TYPE_CHECKING:
    from mlsm.cli.sources import Sources
    from mlsm.project.lock import Pin

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm lock\n  mlsm lock --upgrade models"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--upgrade",
        nargs="*",
        metavar="NAME",
        help="resolve branches again, of all or of these",
    )
    parser.add_argument("--no-check", action="store_true", help="pin new versions although checks find something")
    add_commit(parser)
    add_json(parser)


def _sources_of(asked: Sequence[str], sources: Sources, names: Sequence[str]) -> list[str]:
    """Give the sources that are meant: each by its own name, or by that of a model that it holds.

    Raises:
        UnknownNameError: nothing has the name.
    """
    found: dict[str, None] = {}
    for name in asked:
        holding = [pin.source for pin in sources.lock.models if name in (pin.name, pin.key) and pin.source in names]
        if name not in names and not holding:
            models = sorted({pin.name for pin in sources.lock.models})
            raise UnknownNameError(
                f"There is no source {name!r}, and no model of a source is called so.",
                hint=meant(name, [*names, *models]),
            )
        found |= dict.fromkeys([name] if name in names else holding)
    return list(found)


def run(args: Namespace, terminal: Terminal) -> int:
    """Lock."""
    from mlsm.project import load_project
    from mlsm.project.apply import apply
    from mlsm.project.locking import relock
    from mlsm.service.trying import trying

    sources = open_sources(args)
    names = [origin.name for origin in sources.manifest.origins]
    upgrade = () if args.upgrade is None else _sources_of(args.upgrade, sources, names) or names
    lacking, columns = [], None
    with trying() as processes:
        new = relock(
            sources.manifest.origins,
            sources.lock,
            sources.statuses,
            upgrade=upgrade,
            project=sources.folder,
            home=sources.home,
            tell=terminal.say,
            processes=processes,
        )
        before = {pin.key: pin for pin in sources.lock.models}
        changed = [pin for pin in new.lock.models if before.get(pin.key) != pin]
        added = [pin.key for pin in changed if pin.key not in before]
        if new.lock != sources.lock:
            project = load_project(sources.folder, text=sources.before.text, lock=new.lock)
            if not args.no_check:
                checked_models(project, added, processes)
    if new.lock != sources.lock:
        columns = last_columns(project)
        lacking = lacking_columns([project.catalog[key] for key in added if key in project.catalog], columns)
        apply(sources.folder, sources.before, text=sources.before.text, lock=new.lock)
    commit = commit_change(args, sources.folder, "Pin models to newer commits") if new.lock != sources.lock else None
    if terminal.json:
        told = {"added": added, "dropped": new.dropped, "changed": changed, "fields_to_add": lacking}
        terminal.document({**told, "commit": commit})
        return 0
    if new.lock == sources.lock:
        terminal.say("mlsm.lock is as it was.")
        return 0
    _show_changes(changed, added, new.dropped, terminal)
    if added:
        show_lacking(lacking, columns, terminal)
    terminal.say("mlsm.lock is written.", style="bold green")
    return 0


def _show_changes(changed: Sequence[Pin], added: Sequence[str], dropped: Sequence[str], terminal: Terminal) -> None:
    rows = [
        {"model": pin.key, "change": "added" if pin.key in added else "pinned anew", "to": pin.told} for pin in changed
    ]
    rows += [{"model": key, "change": "dropped", "to": ""} for key in dropped]
    if rows:
        terminal.table(Table(columns=tuple(Column(key=key) for key in ("model", "change", "to")), rows=rows))
