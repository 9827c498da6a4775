"""Show one lead: what sales sees, what each model version says and why, and how it changed.

What sales sees is one score a model. Below it stand all versions, drafts too, and the
history, newest first. A lead that was never scored is an error. `--export` hands out all
that is held of the lead, as JSON: results, kept columns, inputs and rejected rows.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlsm._result import Result
from mlsm.cli.counts import outcome_style, status_style
from mlsm.cli.opening import add_json, add_store, opened_store, place_of_project
from mlsm.cli.reasons import by_columns, failure_text, reason_lines, score_text, top_reasons, winner_text
from mlsm.cli.tables import Column, Table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean
from mlsm.errors import UnknownNameError

if TYPE_CHECKING:
    from mlsm.contracts import RunEntry, Store

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm lead 0012345\n  mlsm lead 0012345 --json\n  mlsm lead 0012345 --export > 0012345.json"
_ROWS_SHOWN = 10


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("id", metavar="ID", help="the lead's id, exactly as in the data, leading zeros included")
    parser.add_argument("--all", action="store_true", help=f"the whole history, not the last {_ROWS_SHOWN} rows")
    parser.add_argument("--export", action="store_true", help="all that is held of the lead, as JSON")
    add_store(parser)
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Show one lead."""
    project = place_of_project(args)
    with opened_store(args.store, project) as store:
        if args.export:
            return _export(store, args.id, terminal)
        history = store.history(args.id)
        if not history:
            raise UnknownNameError(
                f"No results of lead {args.id!r} in the store; expected an id that was scored.",
                hint="Ids are kept byte for byte: '007' is not '7'. `mlsm runs` shows what was scored.",
            )
        runs = {run_id: store.run(run_id) for run_id in dict.fromkeys(result.run_id for result in history) if run_id}
        scores, currents, kept = store.score(args.id), store.current(args.id), store.kept(args.id)
    scores = _deciding_first(scores, runs)
    if terminal.json:
        told = [{"run_id": run_id, "purpose": entry.plan.purpose} for run_id, entry in runs.items()]
        terminal.document(
            {"id": args.id, "kept": kept, "score": scores, "current": currents, "history": history, "runs": told}
        )
        return 0
    terminal.write(f"Lead {clean(args.id)}", style="bold")
    for name, value in kept.items():
        terminal.write(f"  {clean(name)}: {'' if value is None else clean(value)}", style="dim")
    _show_scores([_by_columns(result, runs) for result in scores], currents, terminal)
    _show_current([_by_columns(result, runs) for result in currents], terminal)
    _show_history(history, runs, [result.model for result in scores], terminal, limit=None if args.all else _ROWS_SHOWN)
    return 0


def _by_columns(result: Result, runs: Mapping[str, RunEntry]) -> Result:
    """Let reasons name columns, as they were called in the result's run."""
    entry = runs.get(result.run_id or "")
    models = () if entry is None else entry.plan.models
    return by_columns(
        result, {model.key: model.columns for model in models}, {model.key: model.upstreams for model in models}
    )


def _export(store: Store, record_id: str, terminal: Terminal) -> int:
    held = store.held(record_id)
    terminal.document(held)
    parts = (
        amount(len(held.results), "result"),
        f"kept columns of {amount(len(held.kept), 'part')}",
        f"inputs of {amount(len(held.inputs), 'part')}",
        amount(len(held.rejects), "rejected row"),
    )
    terminal.say(f"Held of lead {clean(record_id)}: {', '.join(parts)}.")
    return 0


def _deciding_first(scores: Sequence[Result], runs: Mapping[str, RunEntry]) -> list[Result]:
    """Put the scores that no other stands on first: they are what the others lead to."""
    below = {key for entry in runs.values() for model in entry.plan.models for key in model.upstreams}
    return sorted(scores, key=lambda result: result.key in below)


def _show_scores(scores: Sequence[Result], currents: Sequence[Result], terminal: Terminal) -> None:
    terminal.title("What sales sees")
    if not scores:
        terminal.write("  nothing yet: no active model has scored this lead in a live run")
    width = max((len(clean(result.model)) for result in scores), default=0)
    for result in scores:
        shown = score_text(result.score)
        if result.label is not None:
            shown += f"  {clean(result.label)}"
        if winner := winner_text(result):
            shown += f"  ({winner})"
        if not result.usable:
            shown = f"no score: {result.outcome}"
        terminal.write(f"  {clean(result.model).ljust(width)}  {shown}", style="bold" if result.usable else "yellow")
        if not result.usable and (said := failure_text(result, currents)):
            terminal.write(f"      {said}")
        if result.reasons is not None:
            _show_reasons(result, terminal)


def _show_reasons(result: Result, terminal: Terminal) -> None:
    if result.reasons is None:
        return
    lines = reason_lines(result.reasons)
    width = max((len(number) for number, _ in lines), default=0)
    for number, text in lines:
        style = "red" if number.startswith("-") else "green"
        terminal.write(f"      {number.rjust(width)}  {text}", style=style)
    notes = []
    if result.reasons.scale == "log_odds":
        notes.append("in log odds: above 0 speaks for this lead, below 0 against it")
    if result.reasons.approximate:
        notes.append("approximate")
    if notes:
        terminal.write(f"      {' '.join(['', *notes]).strip()}", style="dim")


def _show_current(currents: Sequence[Result], terminal: Terminal) -> None:
    terminal.title("What each model version says")
    rows = [
        {
            "version": result.key,
            "status": result.status,
            "outcome": str(result.outcome),
            "score": None if result.score is None else score_text(result.score),  # each on a scale of its own
            "label": result.label,
            "as_of": result.as_of,
            "why": failure_text(result, currents) or top_reasons(result.reasons, limit=2) or winner_text(result),
        }
        for result in currents
    ]
    columns = (
        Column(key="version", title="model", whole=True),
        Column(key="status", style_of=status_style),
        Column(key="outcome", whole=True, style_of=outcome_style),
        Column(key="score", right=True),
        Column(key="label"),
        Column(key="as_of", title="as of (UTC)", whole=True, style_of=lambda _: "dim"),
        Column(key="why"),
    )
    terminal.table(Table(columns=columns, rows=rows))


def _show_history(
    history: Sequence[Result],
    runs: Mapping[str, RunEntry],
    order: Sequence[str],
    terminal: Terminal,
    *,
    limit: int | None,
) -> None:
    """Show a row a run and time, newest first, and a column a model: an active one by its name alone."""
    names: dict[str, None] = {}
    by_time: dict[tuple[str, datetime | None], dict[str, Any]] = {}  # a run may score a lead more than once
    for result in history:
        run_id = result.run_id or ""
        purpose = runs[run_id].plan.purpose if run_id in runs else ""
        row = by_time.setdefault((run_id, result.as_of), {"as_of": result.as_of, "purpose": purpose, "run": run_id})
        name = result.model if result.status == "active" else result.key
        names[name] = None
        row.setdefault(f"said {name}", _said(result))
    terminal.title("History")
    columns = [Column(key="as_of", title="as of (UTC)", whole=True), Column(key="purpose", style_of=_purpose_style)]
    columns += [
        Column(key=f"said {name}", title=name, right=True)
        for name in sorted(names, key=lambda name: order.index(name) if name in order else len(order))
    ]
    columns.append(Column(key="run", whole=True, style_of=lambda _: "dim"))
    rows = list(by_time.values())[:limit]
    if terminal.data_styled:
        rows = [{**row, "run": row["run"][:13]} for row in rows]
    terminal.table(Table(columns=tuple(columns), rows=rows))
    if len(rows) < len(by_time):
        terminal.say(f"{amount(len(by_time) - len(rows), 'earlier row')} not shown; --all shows them.", style="dim")


def _said(result: Result) -> str:
    if not result.usable:
        return str(result.outcome)
    return score_text(result.score) + ("" if result.label is None else f" {result.label}")


def _purpose_style(purpose: object) -> str:
    return "dim" if purpose == "live" else "yellow"
