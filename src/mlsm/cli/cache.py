"""Show what this machine keeps of models from git, and of their environments, or clear it.

It lies in the folder that MLSM_HOME names, else where the platform keeps caches. All of it
can be fetched again, as long as its hosts still have it: --clear keeps what the project
here pins, --clear --all keeps nothing.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from mlsm.cli.opening import add_json
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import InputError, ProjectError

__all__ = ["EXAMPLES", "add_arguments", "run"]

_SHOWN = 3
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
    found = clear(home, () if args.all else _pinned(args, home)) if args.clear else cached(home)
    if terminal.json:
        terminal.document(
            [
                {"kind": k.kind, "url": k.url, "commit": k.commit, "requirements": k.requirements, "bytes": k.size}
                for k in found
            ]
        )
    elif found:
        rows = [
            {
                "kind": k.kind,
                "what": k.url or _shown(k.requirements),
                "commit": k.commit[:7],
                "kB": round(k.size / 1000),
            }
            for k in found
        ]
        columns = (*(Column(key=key) for key in ("kind", "what", "commit")), Column(key="kB", right=True))
        terminal.table(Table(columns=columns, rows=rows))
    size = sum(kept.size for kept in found) / 1_000_000
    done = "removed from" if args.clear else "in"
    terminal.say(f"{amount(len(found), 'entry', 'entries')} {done} {clean(home)}, {size:,.1f} MB.")
    return 0


def _shown(requirements: Sequence[str]) -> str:
    """Name the first versions of an environment."""
    rest = len(requirements) - _SHOWN
    return ", ".join(requirements[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _pinned(args: Namespace, home: Path) -> set[str]:
    """Name the commits and the folders of environments that the project here pins."""
    from mlsm.cli.opening import folder_of_project
    from mlsm.project.environment import environment_folder
    from mlsm.project.lock import read_lock

    try:
        folder = folder_of_project(args)
    except ProjectError:  # outside of a project nothing is pinned
        return set()
    pins = read_lock(folder).models
    environments = {environment_folder(pin.requirements, home).name for pin in pins if pin.environment}
    return environments | {pin.commit for pin in pins if pin.commit}
