"""Show what this machine keeps of models from git, for all projects, or clear it.

It lies in the folder that MLSM_HOME names, else where the platform keeps caches. All of it
can be fetched again, as long as its hosts still have it: --clear keeps what the project
here pins, --clear --all keeps nothing.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mlsm.cli.opening import add_json
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import InputError, ProjectError

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm cache\n  mlsm cache --clear"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--clear", action="store_true", help="remove what the project here does not pin")
    parser.add_argument("--all", action="store_true", help="with --clear: remove that, too")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Show or clear the cache."""
    from mlsm.project.cached import cached, clear
    from mlsm.project.places import cache_home

    if args.all and not args.clear:
        raise InputError("--all says what --clear removes, but there is no --clear.", hint="Add --clear.")
    home = cache_home()
    found = clear(home, () if args.all else _pinned(args)) if args.clear else cached(home)
    if terminal.json:
        terminal.document([{"kind": k.kind, "url": k.url, "commit": k.commit, "bytes": k.size} for k in found])
    elif found:
        rows = [
            {"kind": kept.kind, "url": kept.url, "commit": kept.commit[:7], "kB": round(kept.size / 1000)}
            for kept in found
        ]
        columns = (*(Column(key=key) for key in ("kind", "url", "commit")), Column(key="kB", right=True))
        terminal.table(Table(columns=columns, rows=rows))
    size = sum(kept.size for kept in found) / 1_000_000
    done = "removed from" if args.clear else "in"
    terminal.say(f"{amount(len(found), 'entry', 'entries')} {done} {clean(home)}, {size:,.1f} MB.")
    return 0


def _pinned(args: Namespace) -> set[str]:
    from mlsm.cli.opening import folder_of_project
    from mlsm.project.lock import read_lock

    try:
        folder = folder_of_project(args)
    except ProjectError:  # outside of a project nothing is pinned
        return set()
    return {pin.commit for pin in read_lock(folder).models if pin.commit}
