"""Make this machine hold exactly what mlsm.lock pins: from its cache where it can.

Sources that mlsm.toml names anew are locked first; with --frozen that is refused instead.
Where the files of a commit differ from what the lock says, nothing is changed.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from dataclasses import replace

from mlsm.cli.opening import add_json
from mlsm.cli.sources import open_sources
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, duration
from mlsm.errors import ProjectError

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm sync\n  mlsm sync --frozen"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--frozen", action="store_true", help="refuse where mlsm.toml names what is not locked")
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Sync."""
    from mlsm.project.apply import apply
    from mlsm.project.locking import relock
    from mlsm.project.syncing import sync, unlocked

    began = time.monotonic()
    sources = open_sources(args)
    origins, lock = sources.manifest.origins, sources.lock
    missing = unlocked(origins, lock)
    if missing and args.frozen:
        raise ProjectError(f"mlsm.lock does not pin {', '.join(missing)} as mlsm.toml wants.", hint="Run `mlsm lock`.")
    anew: set[tuple[str, str]] = set()
    if missing:
        locked = relock(
            origins, lock, sources.statuses, upgrade=(), project=sources.folder, home=sources.home, tell=terminal.say
        )
        lock = locked.lock
        anew = {(source.name, source.commit) for source in lock.sources if source.name in locked.fetched}
    done = [
        replace(one, state="fetched") if (one.source, one.commit) in anew else one
        for one in sync(origins, lock, project=sources.folder, home=sources.home, tell=terminal.say)
    ]
    if missing:
        apply(sources.folder, sources.before, text=sources.before.text, lock=lock)
    if terminal.json:
        terminal.document(
            [{name: getattr(one, name) for name in ("source", "commit", "models", "state")} for one in done]
        )
        return 0
    rows = [{"source": one.source, "commit": one.commit[:7], "models": one.models, "state": one.state} for one in done]
    if rows:
        columns = tuple(Column(key=key) for key in ("source", "commit", "models", "state"))
        terminal.table(Table(columns=columns, rows=rows))
    fetched = sum(one.state == "fetched" for one in done)
    built = sum(one.state == "built" for one in done)
    took = duration(time.monotonic() - began)
    terminal.say(f"{amount(len(done), 'commit')} here as locked, {fetched} fetched, {built} built, in {took}.")
    return 0
