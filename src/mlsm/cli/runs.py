"""Show past runs, newest first; or one run: its counts, where it came from, what failed.

A run is named by its id or the beginning of it. `--errors` shows every distinct failure
with the leads that it struck and, where a model raised, the traceback; `--rejects` every row
that was not scored, and why.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mlsm._result import Outcome
from mlsm.cli.counts import counts_table, status_style
from mlsm.cli.failures import distinct_failures, together, what_of
from mlsm.cli.log import log_of_run, read_log
from mlsm.cli.opening import add_json, add_store, opened_store, place_of_project
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean, duration, moment, named, rate, room
from mlsm.errors import InputError

if TYPE_CHECKING:
    from mlsm.contracts import Reject, RunEntry, Store
    from mlsm.service import ErrorNote

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm runs\n  mlsm runs 01a3c0de --errors\n  mlsm runs 01a3c0de --rejects"
_ERRORS_SHOWN = 50
"""A model that words every error anew must not bury the others."""
_FAILED = tuple(str(outcome) for outcome in Outcome if outcome.failed or outcome is Outcome.INVALID)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("id", nargs="?", metavar="ID", help="one run, by its id or the beginning of it")
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--errors", action="store_true", help="what failed in it: messages, tracebacks, leads")
    parts.add_argument("--rejects", action="store_true", help="its rows that were not scored, and why")
    add_store(parser)
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Show all runs, or one."""
    if (args.errors or args.rejects) and args.id is None:
        told = "--errors tells what failed" if args.errors else "--rejects tells what was not scored"
        raise InputError(f"{told} in one run, but there is no ID.", hint="`mlsm runs` shows the ids of all runs.")
    project = place_of_project(args)
    with opened_store(args.store, project) as store:
        if args.id is None:
            _show_all(store.runs(), terminal)
        elif args.errors:
            entry = store.run(args.id)
            events = read_log(log_of_run(args.log, project.folder, entry.run_id), entry.run_id)
            _show_errors(entry, _failures(store, entry, events), terminal)
        elif args.rejects:
            entry = store.run(args.id)
            _show_rejects(entry, list(store.rejects(entry.run_id)), terminal)
        else:
            _show_one(store.run(args.id), terminal)
    return 0


def _show_all(entries: list[RunEntry], terminal: Terminal) -> None:
    if terminal.json:
        terminal.document(entries)
        return
    rows = [
        {
            "run": entry.run_id[:13] if terminal.data_styled else entry.run_id,
            "started": entry.started_at,
            "state": entry.state,
            "purpose": entry.plan.purpose,
            "input": named((one.source for one in entry.plan.inputs), limit=2),
            "records": entry.records,
            "rejects": entry.rejects,
            "failed": _failed(entry),
            "took": ""
            if entry.finished_at is None
            else duration((entry.finished_at - entry.started_at).total_seconds()),
            "store": _room(entry, "store_bytes"),
            "grew": _room(entry, "store_grew"),
        }
        for entry in entries
    ]
    columns = (
        Column(key="run", whole=True, style_of=lambda _: "bold"),
        Column(key="started", title="started (UTC)", whole=True),
        Column(key="state", whole=True, style_of=_state_style),
        Column(key="purpose", whole=True, style_of=lambda purpose: "" if purpose == "live" else "dim"),
        Column(key="input"),
        Column(key="records", title="leads", right=True),
        Column(key="rejects", title="rejected", right=True),
        Column(key="failed", title="failed", right=True, style_of=lambda count: "red" if count else "dim"),
        Column(key="took", right=True, whole=True),
        Column(key="store", right=True, whole=True, style_of=lambda _: "dim"),
        Column(key="grew", right=True, whole=True, style_of=lambda _: "dim"),
    )
    if rows:
        terminal.table(Table(columns=columns, rows=rows))
        terminal.say("One of them: mlsm runs ID. What failed in it: mlsm runs ID --errors", style="dim")
    else:
        terminal.say("No runs yet. Begin with: mlsm score FILE")


def _failed(entry: RunEntry) -> int:
    return sum(
        count for of_model in entry.counts.values() for outcome, count in of_model.items() if Outcome(outcome).failed
    )


def _room(entry: RunEntry, what: str) -> str:
    size = entry.report.get(what)
    return room(size) if isinstance(size, int) else ""


def _show_one(entry: RunEntry, terminal: Terminal) -> None:
    if terminal.json:
        terminal.document(entry)
        return
    plan = entry.plan
    terminal.write(f"Run {entry.run_id}", style="bold")
    for name, value in _facts(entry):
        terminal.write(f"  {name:<10} {value}")
    terminal.title("Results by model version")
    statuses = {model.key: model.status for model in plan.models}
    terminal.table(counts_table(entry.counts, statuses))
    terminal.title("Models")
    terminal.table(_models_table(entry, short=terminal.data_styled))
    terminal.title("Input")
    terminal.table(_inputs_table(entry, short=terminal.data_styled))
    if plan.provenance:
        terminal.title("Made with")
        for name, text in plan.provenance.items():
            terminal.write(f"  {clean(name)}: {clean(text)}")
    if any(count for of_model in entry.counts.values() for outcome, count in of_model.items() if outcome in _FAILED):
        terminal.say()
        terminal.say(f"What failed: mlsm runs {entry.run_id[:13]} --errors", style="dim")
    if entry.rejects:
        terminal.say(f"What was not scored: mlsm runs {entry.run_id[:13]} --rejects", style="dim")


def _facts(entry: RunEntry) -> Iterable[tuple[str, str]]:
    plan = entry.plan
    yield "state", entry.state
    yield "purpose", plan.purpose if plan.purpose == "live" else f"{plan.purpose} (does not count for what sales sees)"
    yield "leads", f"{entry.records:,} scored, {entry.rejects:,} rejected"
    if entry.forgotten:
        yield "forgotten", f"{amount(entry.forgotten, 'lead')} left out or removed on request"
    if entry.pruned:
        yield "pruned", f"{entry.pruned:,} of these results and rejects are no longer kept"
    if size := _room(entry, "store_bytes"):
        yield "store", f"{size} after this run, {_room(entry, 'store_grew')} more than before"
    yield "started", f"{moment(entry.started_at)} UTC"
    if entry.finished_at is not None:
        seconds = (entry.finished_at - entry.started_at).total_seconds()
        yield "took", f"{duration(seconds)}, {rate(entry.records, seconds)}"
    yield "as of", f"{moment(plan.as_of)} UTC"
    yield "id column", "none: numbers of rows" if plan.id_column is None else clean(plan.id_column)
    if plan.keep:
        yield "kept", named(plan.keep, limit=20)
    if plan.parent is not None:
        yield "parent", plan.parent


def _models_table(entry: RunEntry, *, short: bool) -> Table:
    columns = (
        Column(key="model"),
        Column(key="status", style_of=status_style),
        Column(key="kind"),
        Column(key="source", title="from", style_of=lambda _: "dim"),
        Column(key="digest", style_of=lambda _: "dim"),
    )
    rows = [
        {
            "model": model.key,
            "status": model.status,
            "kind": model.kind,
            "source": model.source,
            "digest": _hash(model.digest, short=short),
        }
        for model in entry.plan.models
    ]
    return Table(columns=columns, rows=rows)


def _inputs_table(entry: RunEntry, *, short: bool) -> Table:
    columns = (
        Column(key="source", title="file"),
        Column(key="rows", right=True),
        Column(key="options", title="read as"),
        Column(key="hash", style_of=lambda _: "dim"),
    )
    rows = [
        {
            "source": one.source,
            "rows": sum(one.parts),
            "options": ", ".join(f"{name} {clean(value)!r}" for name, value in one.options.items()),
            "hash": _hash(one.fingerprint, short=short),
        }
        for one in entry.plan.inputs
    ]
    return Table(columns=columns, rows=rows)


def _hash(digest: str, *, short: bool) -> str:
    return digest.removeprefix("sha256:")[:12] if short else digest


def _state_style(state: object) -> str:
    return {"finished": "green", "interrupted": "yellow"}.get(str(state), "")


def _failures(store: Store, entry: RunEntry, events: list[dict[str, Any]]) -> list[ErrorNote]:
    """Gather a run's failures from its results, and their tracebacks from its log."""
    from mlsm.contracts import Selection

    traces = {
        (event["model"], event["type"], event["message_hash"]): event["trace"]
        for event in events
        if event["event"] == "error"
    }
    return distinct_failures(store.results(entry.run_id, Selection(outcomes=_FAILED)), traces)


def _show_errors(entry: RunEntry, notes: list[ErrorNote], terminal: Terminal) -> None:
    if terminal.json:
        terminal.document(notes)
        return
    if not notes:
        terminal.say(f"Nothing failed in run {entry.run_id}.")
    groups = together(notes)
    for note, models in groups[:_ERRORS_SHOWN]:
        terminal.title(f"{', '.join(models)}  {note.outcome}  {amount(note.count, 'lead')}")
        terminal.write(f"  {clean(what_of(note))}", style="red" if note.outcome.failed else "yellow")
        terminal.write(f"  leads: {', '.join(clean(one) for one in note.first_ids)}{_more(note)}")
        for line in (note.trace or "").splitlines():
            terminal.write(f"    {clean(line)}", style="dim")
    if len(groups) > _ERRORS_SHOWN:
        terminal.say(f"and {len(groups) - _ERRORS_SHOWN:,} more kinds; --json has them all")


def _show_rejects(entry: RunEntry, rejects: list[Reject], terminal: Terminal) -> None:
    if terminal.json:
        terminal.document(rejects)
        return
    if not rejects:
        terminal.say(f"No row was rejected in run {entry.run_id}.")
        return
    columns = (
        Column(key="source", title="file"),
        Column(key="row", right=True),
        Column(key="line", right=True),
        Column(key="record_id", title="id"),
        Column(key="reason", title="why"),
    )
    rows = [
        {column.key: clean(said) if isinstance(said := getattr(one, column.key), str) else said for column in columns}
        for one in rejects
    ]
    terminal.table(Table(columns=columns, rows=rows))


def _more(note: ErrorNote) -> str:
    rest = note.count - len(note.first_ids)
    return f" and {rest:,} more" if rest > 0 else ""
