"""Look for faults in the store, or copy everything to another one.

`check` verifies that counts add up, that nothing is without its run, and that nothing is
current twice. `copy` moves runs, results, rejects, inputs and tombstones between any two
stores and compares what arrived with what was there; broken off, it goes on where it was.
`import-original` reads a collection that `RunModelsAll(db=...)` wrote, of mlsm 0.0.4 too, with
all its history.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mlsm.cli.opening import add_json, add_store, opened_store, place_of_project, shown_url
from mlsm.cli.progress import progress_bar
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
example:
  mlsm store check
  mlsm store copy sqlite:///mlsm.db sqlite:////var/lib/leads.db
  mlsm store import-original mongodb://localhost/crm scores --id email"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    checked = actions.add_parser("check", help="look for faults", allow_abbrev=False)
    add_store(checked)
    add_json(checked)
    copied = actions.add_parser("copy", help="copy everything to another store", allow_abbrev=False)
    copied.add_argument("source", metavar="FROM", help="the URL of the store that is copied")
    copied.add_argument("target", metavar="TO", help="the URL of a new store, or of a copy that was broken off")
    add_json(copied)
    imported = actions.add_parser("import-original", help="import what RunModelsAll(db=...) stored", allow_abbrev=False)
    imported.add_argument("source", metavar="MONGO_URL", help="the database, such as mongodb://localhost/crm")
    imported.add_argument("collection", metavar="COLLECTION", help="the collection in it")
    imported.add_argument("--id", metavar="FIELD", required=True, help="the field that was its dbIdentifier")
    add_store(imported)
    add_json(imported)


def run(args: Namespace, terminal: Terminal) -> int:
    """Check, copy, or import."""
    return {"check": _check, "copy": _copy, "import-original": _import}[args.action](args, terminal)


def _check(args: Namespace, terminal: Terminal) -> int:
    with opened_store(args.store, place_of_project(args)) as store:
        found = store.check()
        runs = len(store.runs())
    if terminal.json:
        terminal.document({"runs": runs, "faults": found})
    else:
        for fault in found:
            terminal.write(clean(fault), style="red")
        terminal.write(f"{amount(runs, 'run')} looked at, {amount(len(found), 'fault')} found.")
    if found:
        terminal.say("Go back to a copy of the store from before: `mlsm store copy` makes one, and checks it.")
    return 1 if found else 0


def _copy(args: Namespace, terminal: Terminal) -> int:
    from mlsm.service import copy_store
    from mlsm.stores import open_store

    source, target = (open_store(url, Path.cwd()) for url in (args.source, args.target))
    try:
        with progress_bar(terminal, "Copying", unit="lanes") as advance:
            copied = copy_store(source, target, on_lane=lambda seq, last: advance("Copying", seq, last))
    finally:
        source.dispose()
        target.dispose()
    if terminal.json:
        terminal.document(copied)
        return 0
    terminal.write(
        f"Copied {amount(copied.runs, 'run')} with {amount(copied.results, 'result')} and"
        f" {amount(copied.rejects, 'rejected row')} to {shown_url(args.target)}; all of it was compared."
    )
    return 0


def _import(args: Namespace, terminal: Terminal) -> int:
    from mlsm.readers.mongo import original_documents
    from mlsm.service import import_original

    with (
        opened_store(args.store, place_of_project(args)) as store,
        original_documents(args.source, args.collection, args.id) as (entry, documents),
    ):
        done = import_original(store, documents, entry, args.id)
        shown = shown_url(store.url)
    if terminal.json:
        terminal.document(done)
        return 0
    if done.already:
        terminal.write(f"All of it is in {shown} already, as run {done.run_id[:8]}.")
        return 0
    terminal.write(
        f"Imported {amount(done.documents, 'document')} with {amount(done.results, 'result')} into {shown};"
        f" {amount(done.rejects, 'document')} had no usable id or no results."
    )
    if done.forgotten:
        terminal.write(f"{amount(done.forgotten, 'document')} of people who were forgotten on request are left out.")
    return 0
