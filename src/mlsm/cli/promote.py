"""Make a version of a model the active one; the version before becomes a draft.

The version must pass its checks, its required fields must be in the input that was scored
last, and every --require must hold between the active version and this one, by the results
stored for both: a measure of `mlsm compare`, a sign, and a number or `active`, such as
error_rate<=active, invalid_rate<1% or swap<0.05. mlsm.toml is replaced in one step, and
mlsm-history.ndjson tells who did it and why. A run that is going on is not touched. An
active version that does not load may be replaced by another of its name.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from mlsm._catalog import Catalog
from mlsm.cli.changing import add_commit, commit_change
from mlsm.cli.compare import compared, score_of, share_of
from mlsm.cli.opening import add_json, add_store, folder_of_project, opened_store
from mlsm.cli.sources import found_by_checks, open_for_change, version_of
from mlsm.cli.summary import tell_next
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import clean
from mlsm.errors import InputError, ProjectError

if TYPE_CHECKING:
    from mlsm._model import Model
    from mlsm.compare import Gate, GateAnswer
    from mlsm.contracts import RunEntry, Store
    from mlsm.project import Project

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
example:
  mlsm promote fit@2.0.0 --reason "better on autumn's leads"
  mlsm promote fit@2.0.0 --require "error_rate<=active" --require "swap<0.05\""""
_FINDINGS_SHOWN = 5


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("key", metavar="NAME@VERSION", help="the version that becomes active")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the history")
    parser.add_argument("--retire", action="store_true", help="retire the version before instead of keeping it a draft")
    gates = parser.add_argument_group("conditions")
    gates.add_argument("--require", action="append", default=[], metavar="GATE", help="such as error_rate<=active")
    gates.add_argument("--run", metavar="ID", help="by the results of one run instead of the current ones")
    which = gates.add_mutually_exclusive_group()
    which.add_argument("--threshold", type=score_of, metavar="SCORE", help="for swap: leads at or above it are chosen")
    which.add_argument("--top", type=share_of, metavar="SHARE", help="for swap: the best share is chosen, such as 5%%")
    add_commit(parser)
    add_store(parser)
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Promote a version."""
    from mlsm.compare import read_gate
    from mlsm.project.document import project_text
    from mlsm.project.promotion import carry_out, promoting

    gates = [read_gate(text) for text in args.require]
    seen = project_text(folder_of_project(args))
    project = open_for_change(args, args.key)
    model = version_of(project, args.key)
    before = next((m for m in project.catalog.values() if m.name == model.name and m.status == "active"), None)
    if before is not None and before.key == model.key:
        terminal.say(f"{model.key} is active already; nothing was changed.")
        if terminal.json:
            terminal.document({"promoted": None, "from": before.version, "to": model.version, "gates": []})
        return 0
    old = "retired" if args.retire else "draft"
    with opened_store(args.store, project) as store:
        _check_fields(model, store)
        answers = _check_gates(args, gates, before, model, store)
    _check_model(project, _changed(project.catalog, model, before, old), model)
    move = promoting(
        model.name, before=None if before is None else before.version, to=model.version, old=old, why=args.reason
    )
    event = carry_out(project.folder, move, seen, project.lock.of(model.key))
    commit = commit_change(args, project.folder, f"Promote {model.key}" + (f": {args.reason}" if args.reason else ""))
    if terminal.json:
        terminal.document(
            {"promoted": event.id, "from": move.before, "to": move.to, "gates": answers, "commit": commit}
        )
    for answer in answers:
        terminal.say(f"  {answer.told}", style="green")
    former = "" if before is None else f"; {clean(before.key)} is {'retired' if args.retire else 'a draft'} now"
    terminal.say(f"{clean(model.key)} is active from the next run on{former}.", style="bold green")
    tell_next([("mlsm rollback", "take it back"), ("mlsm history", "what was active when")], terminal)
    return 0


def _changed(catalog: Catalog, model: Model, before: Model | None, old: str) -> Catalog:
    """Give the catalog as it would be; what cannot stand in it is told."""
    statuses = {model.key: "active"} | ({} if before is None else {before.key: old})
    return Catalog(m.with_status(statuses.get(m.key, m.status)) for m in catalog.values())


def _check_fields(model: Model, store: Store) -> None:
    """Refuse a version whose required columns the input scored last does not have."""
    last = _last_live(store)
    columns = None if last is None else last.report.get("columns")
    if last is None or columns is None:
        return
    lacking = [field.column for field in model.inputs if field.required and field.column not in columns]
    if lacking:
        sources = ", ".join(repr(one.source) for one in last.plan.inputs)
        raise ProjectError(
            f"{model.key!r} was not promoted: it needs {', '.join(map(repr, lacking))}, which the input scored "
            f"last ({sources}) does not have.",
            hint="Have the columns added to the data, score it, then promote.",
        )


def _last_live(store: Store) -> RunEntry | None:
    return next((entry for entry in store.runs() if entry.plan.purpose == "live" and entry.state == "finished"), None)


def _check_gates(
    args: Namespace, gates: list[Gate], before: Model | None, model: Model, store: Store
) -> list[GateAnswer]:
    if not gates:
        return []
    if before is None:
        raise InputError(
            f"{model.key!r} was not promoted: no version of {model.name!r} is active to hold it against.",
            hint="Promote the first version without --require.",
        )
    found = compared(store, before.key, model.key, run_id=args.run, threshold=args.threshold, top=args.top)
    answers = [gate.answer(found) for gate in gates]
    if any(not answer.holds for answer in answers):
        raise ProjectError(
            f"{model.key!r} was not promoted, since not all that is required holds:",
            problems=[f"{'holds' if answer.holds else 'FAILS'}  {answer.told}" for answer in answers],
            hint=f"`mlsm compare {before.key} {model.key}` shows all measures.",
        )
    return answers


def _check_model(project: Project, catalog: Catalog, model: Model) -> None:
    from mlsm.service.trying import trying

    with trying() as processes:
        findings = found_by_checks(project, catalog, [model.key], processes)
    if findings:
        raise ProjectError(
            f"{model.key!r} was not promoted, since it fails its checks:",
            problems=[clean(finding.what) for finding in findings[:_FINDINGS_SHOWN]],
            hint=f"`mlsm check {model.key}` shows the records.",
        )
