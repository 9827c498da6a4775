"""Take the last promotion back: of a model, or of whichever was promoted last.

It works while models do not load; where they do, it is refused if what is active stands on
the version taken back, or if the version that comes back has gone with its source. Once
more goes one promotion further back, but never so far that no version is left; the first
promotion is undone right after it alone. Leads that were scored meanwhile keep the score of
the version taken back until they are scored again; how many they are is told, with the
command that scores them.
"""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mlsm._catalog import Catalog
from mlsm.cli.changing import add_commit, commit_change
from mlsm.cli.opening import add_json, add_store, opened_store, place_of_project
from mlsm.cli.summary import tell_next
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import CatalogError, ProjectError, StoreError

if TYPE_CHECKING:
    from mlsm.contracts import Store
    from mlsm.project.lock import Pin
    from mlsm.project.promotion import Move

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = 'example:\n  mlsm rollback\n  mlsm rollback fit --reason "too many A"'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a model (default: the one promoted last)")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the history")
    add_commit(parser)
    add_store(parser)
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Take a promotion back."""
    from mlsm.project.document import project_text
    from mlsm.project.promotion import carry_out, mended, taking_back

    project = place_of_project(args)
    mended(project.folder)
    seen = project_text(project.folder)
    move = taking_back(project.folder, args.name, seen, args.reason)
    _refuse_stood_on(project.folder, move, seen)
    event = carry_out(project.folder, move, seen, _pin_of_what_comes_back(project.folder, move, seen))
    taken, back = f"{move.name}@{move.before}", None if move.to is None else f"{move.name}@{move.to}"
    commit = commit_change(args, project.folder, f"Roll back {taken}" + (f": {args.reason}" if args.reason else ""))
    carrying, again, trouble = None, "mlsm score FILE", None
    try:
        with opened_store(args.store, project) as store:
            carrying, again = _carrying(store, move.name, move.before or ""), _scores_again(store)
    except StoreError as error:  # the promotion is taken back whatever the store says
        trouble = str(error).splitlines()[0]
    if terminal.json:
        told = {"rolled_back": event.id, "name": move.name, "from": move.before, "to": move.to, "commit": commit}
        terminal.document({**told, "still_carrying": carrying, "score_again": again})
    now = f"{clean(back)} is active" if back is not None else f"no version of {clean(move.name)} is active"
    terminal.say(f"{clean(taken)} is taken back: {now} from the next run on.", style="bold green")
    if trouble is not None:
        terminal.say(f"How many leads carry its score cannot be told: {clean(trouble)}", style="yellow")
    elif carrying:
        carry = "carries" if carrying == 1 else "carry"
        terminal.say(f"{amount(carrying, 'lead')} still {carry} the score of {clean(taken)}.", style="yellow")
        tell_next([(again, "score them again")], terminal)
    else:
        terminal.say(f"No lead carries the score of {clean(taken)}.")
    return 0


def _refuse_stood_on(folder: Path, move: Move, seen: str) -> None:
    """Look whether a summary that is active stands on the version taken back.

    Raises:
        ProjectError: one does, so that no run could begin.
    """
    from mlsm.project import load_project

    try:
        catalog = load_project(folder, text=seen, broken="degraded", retired=True).catalog
    except ProjectError:
        return  # no run can begin as it is: this may be the way out
    if move.to is not None and f"{move.name}@{move.to}" not in catalog:
        return  # whether it is there at all is looked at next
    statuses = {f"{move.name}@{version}": status for version, status in move.statuses.items()}
    try:
        Catalog(model.with_status(statuses.get(model.key) or model.status) for model in catalog.values())
    except CatalogError as error:
        raise ProjectError(
            f"{move.name}@{move.before} was not taken back, since no run could begin without it:",
            problems=error.problems,
            hint="Take back what stands on it first, such as `mlsm rollback NAME`, or promote another version.",
        ) from error


def _pin_of_what_comes_back(folder: Path, move: Move, seen: str) -> Pin | None:
    """Look whether the version is still there that comes back, where its source may have been removed; give its pin.

    Models are loaded only where the lock pins others of that name and not this one.

    Raises:
        ProjectError: it is gone, and no run could begin with it active.
    """
    from mlsm.project import load_project
    from mlsm.project.edits import with_statuses
    from mlsm.project.lock import read_lock

    lock, key = read_lock(folder), f"{move.name}@{move.to}"
    if move.to is None or lock.of(key) is not None or all(pin.name != move.name for pin in lock.models):
        return lock.of(key)
    try:
        load_project(folder, text=with_statuses(seen, move.name, move.statuses))
    except ProjectError as error:
        raise ProjectError(
            f"{move.name}@{move.before} was not taken back, since {key} cannot be active:",
            problems=error.problems or (error.message,),
            hint=f"Where its source was removed, add that again first; or `mlsm promote {move.name}@VERSION`.",
        ) from error
    return None


def _carrying(store: Store, name: str, version: str) -> int:
    """Count the leads whose score is one of this version."""
    from mlsm.contracts import Selection

    frames = store.scores(Selection(models=(name,)))
    return sum(int((frame.get_column("version") == version).sum()) for frame in frames)


def _scores_again(store: Store) -> str:
    """Give the command of the last live run, without what would only go on with it."""
    last = next((entry for entry in store.runs() if entry.plan.purpose == "live"), None)
    words = [] if last is None else shlex.split(last.plan.provenance.get("command", ""))
    if words[:1] == ["mlsm"]:
        return shlex.join(word for word in words if word != "--resume")
    return "mlsm score " + shlex.join([] if last is None else [one.source for one in last.plan.inputs]) or "FILE"
