"""Remove old results that nothing needs any more.

Every current result and score stays, and the last good score of each lead: what
`mlsm lead` and `mlsm export` say of now is the same before and after. Runs stay listed with
their counts. To prune after each run, write `keep = "90d"` under [store] in mlsm.toml.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime, timedelta

from mlsm.cli.opening import add_json, add_store, count, opened_store, place_of_project
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, room

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm prune --older-than 90d\n  mlsm prune --keep-runs 30"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--keep-runs", type=count, metavar="N", help="keep the newest N runs whole")
    which.add_argument("--older-than", type=_period, metavar="D", help="remove what was scored before: 36h, 90d, 12w")
    add_store(parser)
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Prune, and tell what went."""
    before = None if args.older_than is None else datetime.now(UTC) - args.older_than
    with opened_store(args.store, place_of_project(args)) as store:
        size = store.size()
        pruned = store.prune(keep_runs=args.keep_runs, before=before)
        left = store.size()
    if terminal.json:
        terminal.document({"removed": pruned, "bytes_before": size, "bytes_after": left})
        return 0
    terminal.write(
        f"Removed {amount(pruned.results, 'result')} and {amount(pruned.rejects, 'rejected row')}"
        f" of {amount(pruned.runs, 'run')}. The store takes {room(left)}; it was {room(size)}."
    )
    return 0


def _period(text: str) -> timedelta:
    from mlsm.project.values import period_of

    found = period_of(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no period; expected hours, days or weeks such as 36h, 90d or 12w")
    return found
