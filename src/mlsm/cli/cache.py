"""Show what this machine keeps of models from git, and of their environments, or clear it.

It lies in the folder that MLSM_HOME names, else where the platform keeps caches. All of it
can be fetched again, as long as its hosts still have it: --clear keeps what the project
here pins, --clear --all keeps nothing. --clear --altered removes only what was changed since
it was fetched or built, which is not run; `mlsm sync` brings it back as it was.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlsm.cli.opening import add_json
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import InputError, ProjectError

if TYPE_CHECKING:
    from mlsm.project.lock import Pin

__all__ = ["EXAMPLES", "add_arguments", "run"]

_SHOWN = 3
EXAMPLES = "example:\n  mlsm cache\n  mlsm cache --clear\n  mlsm cache --clear --altered"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--clear", action="store_true", help="remove what the project here does not pin")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="with --clear: remove that, too")
    which.add_argument("--altered", action="store_true", help="with --clear: only what was changed since it was made")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Show or clear the cache."""
    from mlsm.project.cached import altered_folders, cached, clear
    from mlsm.project.places import cache_home

    if (args.all or args.altered) and not args.clear:
        given = "--all" if args.all else "--altered"
        raise InputError(f"{given} says what --clear removes, but there is no --clear.", hint="Add --clear.")
    home = cache_home()
    if not args.clear:
        found = cached(home)
    elif args.altered:
        found = clear(home, only=altered_folders(home, _pins(args)))
    else:
        found = clear(home, () if args.all else _pinned(args, home))
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
    from mlsm.project.environment import environment_folder

    pins = _pins(args)
    environments = {environment_folder(pin.requirements, home).name for pin in pins if pin.environment}
    return environments | {pin.commit for pin in pins if pin.commit}


def _pins(args: Namespace) -> tuple[Pin, ...]:
    """Give how the project here pins its versions; outside of a project nothing is pinned."""
    from mlsm.cli.opening import folder_of_project
    from mlsm.project.lock import read_lock

    try:
        folder = folder_of_project(args)
    except ProjectError:
        return ()
    return read_lock(folder).models
