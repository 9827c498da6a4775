"""Remove a lead from the store: results, history, kept columns, inputs and rejected rows.

What is removed is gone. A tombstone stays, a keyed hash without any personal data, so that
a resumed or later run cannot bring the lead back: its row counts as not scored. `--lift`
removes the tombstone, so that the lead may be scored again.

Files are not touched: those that leads are read from, those that exports and runs wrote,
golden records, copies of the store. Logs hold no data of leads, and caches hold models only.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mlsm.cli.opening import add_json, add_store, opened_store, place_of_project
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm lead 0012345 --export > 0012345.json\n  mlsm forget 0012345\n  mlsm forget --lift 0012345"

_NOT_TOUCHED = (
    "input files",
    "files written by export, --out or --rejects",
    "golden records",
    "copies and backups of the store",
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("id", metavar="ID", help="the lead's id, exactly as in the data, leading zeros included")
    parser.add_argument("--lift", action="store_true", help="let a forgotten lead be scored again")
    add_store(parser)
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Forget one lead, or lift its tombstone."""
    with opened_store(args.store, place_of_project(args)) as store:
        if args.lift:
            _tell_lifted(args.id, terminal, there=store.lift(args.id))
            return 0
        gone = store.forget(args.id)
    if terminal.json:
        terminal.document({"id": args.id, "removed": gone, "not_touched": _NOT_TOUCHED})
        return 0
    parts = (
        amount(gone.results, "result"),
        f"kept columns of {amount(gone.kept, 'part')}",
        f"inputs of {amount(gone.inputs, 'part')}",
        amount(gone.rejects, "rejected row"),
    )
    terminal.write(f"Forgot lead {clean(args.id)}. Removed: {', '.join(parts)}.")
    terminal.say(f"It does not come back with a later run. Not touched: {', '.join(_NOT_TOUCHED)}.")
    return 0


def _tell_lifted(record_id: str, terminal: Terminal, *, there: bool) -> None:
    if terminal.json:
        terminal.document({"id": record_id, "lifted": there})
    elif there:
        terminal.write(f"Lead {clean(record_id)} may be scored again. What was removed stays removed.")
    else:
        terminal.write(f"Lead {clean(record_id)} was not forgotten; nothing changed.")
