"""Show what sync would change on this machine, or what a promotion would: nothing is done.

Without a name: every pinned commit, and whether it is here. With NAME@VERSION: the statuses
as they would be, and the fields that the data must get.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mlsm.cli.opening import add_json
from mlsm.cli.sources import lacking_columns, last_columns, open_for_change, open_sources, show_lacking, version_of
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm plan\n  mlsm plan fit@2.0.0"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("key", nargs="?", metavar="NAME@VERSION", help="a version to promote (default: plan a sync)")
    parser.add_argument("--retire", action="store_true", help="the version before would be retired")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Plan."""
    (_plan_sync if args.key is None else _plan_promotion)(args, terminal)
    return 0


def _plan_sync(args: Namespace, terminal: Terminal) -> None:
    from mlsm.project.syncing import held, unlocked

    sources = open_sources(args)
    origins = sources.manifest.origins
    to_lock = unlocked(origins, sources.lock)
    rows = [
        {"source": one.source, "commit": one.commit, "models": list(one.models), "state": one.state,
         "change": {"absent": "fetch", "not built": "build", "altered": "refuse"}.get(one.state, "none")}
        for one in held(origins, sources.lock, project=sources.folder, home=sources.home)
    ]  # fmt: skip
    rows += [
        {"source": name, "commit": "", "models": [], "state": "not locked", "change": "lock and fetch"}
        for name in to_lock
    ]
    if terminal.json:
        terminal.document(rows)
        return
    if rows:
        shown = [{**row, "commit": str(row["commit"])[:7]} for row in rows]
        columns = tuple(Column(key=key) for key in ("source", "commit", "models", "state", "change"))
        terminal.table(Table(columns=columns, rows=shown))
    if any(row["change"] == "refuse" for row in rows):
        terminal.say("`mlsm sync` would refuse, since there are other files than mlsm.lock says.", style="yellow")
        return
    changes = sum(row["change"] != "none" for row in rows)
    terminal.say(f"`mlsm sync` would change {amount(changes, 'thing')}." if changes else "There is nothing to sync.")


def _plan_promotion(args: Namespace, terminal: Terminal) -> None:
    project = open_for_change(args, args.key)
    model = version_of(project, args.key)
    old = "retired" if args.retire else "draft"
    rows = [
        {"model": one.key, "now": one.status, "then": "active" if one.key == model.key else old}
        for one in project.catalog.values()
        if one.name == model.name and (one.key == model.key or one.status == "active")
    ]
    columns = last_columns(project)
    lacking = lacking_columns([model], columns)
    if terminal.json:
        terminal.document({"statuses": rows, "fields_to_add": lacking})
        return
    terminal.table(Table(columns=tuple(Column(key=key) for key in ("model", "now", "then")), rows=rows))
    show_lacking(lacking, columns, terminal)
