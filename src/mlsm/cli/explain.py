"""Show how one model came to one lead's score, step by step.

The current result of the lead in the store is explained where reasons were kept with it;
with --from the lead is read from a file and looked at anew, which changes nothing.
"""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlsm._model import split_key
from mlsm.cli.opening import add_json, add_store, open_input, open_project, opened_store, time_of
from mlsm.cli.reasons import by_columns, failure_text, reason_lines, score_text, winner_of, winner_text
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import clean
from mlsm.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlsm._catalog import Catalog
    from mlsm._result import Reasons, Result
    from mlsm.project import Project

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = "example:\n  mlsm explain 0012345 fit\n  mlsm explain 0012345 fit@2.0 --from leads.csv"
_ALL = 10_000
"""More reasons than any score has."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("id", metavar="ID", help="the lead's id, exactly as in the data, leading zeros included")
    parser.add_argument("model", metavar="MODEL", help="a model's name (its active version), or name@version")
    parser.add_argument("--from", dest="file", metavar="FILE", help="read the lead from this file and look anew")
    parser.add_argument("--id", dest="column", metavar="COLUMN", help="with --from: the column of ids")
    parser.add_argument("--as-of", type=time_of, metavar="TIME", help="with --from: the date taken for today (UTC)")
    add_store(parser)
    add_json(parser)


def run(args: Namespace, terminal: Terminal) -> int:
    """Explain one score."""
    project = open_project(args)
    if args.file is not None:
        results: Iterable[Result] = _anew(args, project)
    else:
        with opened_store(args.store, project) as store:
            results = store.current(args.id)
    listed = list(results)
    result = _chosen(listed, args)
    if terminal.json:
        terminal.document(result)
        return 0
    shown = {known.key: _by_columns(known, project.catalog) for known in listed}
    _show(shown[result.key], list(shown.values()), terminal, anew=args.file is not None)
    return 0


def _by_columns(result: Result, catalog: Catalog) -> Result:
    columns = {model.key: {field.name: field.column for field in model.inputs} for model in catalog.running}
    upstreams = {model.key: list(catalog.upstreams(model.key).values()) for model in catalog.running}
    return by_columns(result, columns, upstreams)


def _anew(args: Namespace, project: Project) -> Iterable[Result]:
    from mlsm.service import Job, score_one
    from mlsm.service.finding import find_record

    catalog = project.catalog.only([args.model])  # what the model stands on, and nothing besides
    column = args.column or project.id_column
    as_of = args.as_of or datetime.now(UTC)
    reader = open_input(args.file, project)
    record = find_record(
        Job(catalog=catalog, inputs=(reader,), id_column=column, as_of=as_of, reading=project.reading), args.id
    )
    return score_one(
        catalog, record, id=column, as_of=as_of, reading=project.reading, shape=project.shape, reasons=_ALL
    )


def _chosen(results: list[Result], args: Namespace) -> Result:
    """Give the result of the model that is asked for: of its active version unless one is named."""
    name, version = split_key(args.model)
    own = [result for result in results if result.model == name and version in (None, result.version)]
    active = [result for result in own if result.status == "active"] if version is None else []
    for result in (*active, *own):
        return result
    known = ", ".join(dict.fromkeys(result.key for result in results)) or "nothing"
    raise UnknownNameError(
        f"No result of {args.model!r} for lead {args.id!r}; there is {known}.",
        hint="Score the lead first, or name a file that holds it: --from FILE.",
    )


def _show(result: Result, results: list[Result], terminal: Terminal, *, anew: bool) -> None:
    label = "" if result.label is None else f", label {clean(result.label)}"
    by = f", {said}" if (said := winner_text(result)) else ""
    terminal.write(f"Lead {clean(result.record_id)}, {result.key}: {score_text(result.score)}{label}{by}", style="bold")
    if result.score is None and not (result.usable and result.given):
        terminal.write(f"  {failure_text(result, results) or result.outcome}")
        return
    if result.reasons is not None:
        _show_reasons(result, terminal)
    if result.given:
        _show_upstreams(result, results, terminal)
    elif result.reasons is None:
        hint = "" if anew else " Name the file that holds the lead (--from FILE), or score with --reasons N."
        terminal.write(f"  No reasons were kept with this result.{hint}")


def _show_reasons(result: Result, terminal: Terminal) -> None:
    reasons = result.reasons
    if reasons is None:
        return
    lines = reason_lines(reasons)
    total = _total(reasons)
    width = max(len(total), *(len(number) for number, _ in lines)) if lines else len(total)
    for number, text in lines:
        terminal.write(f"  {number:>{width}}  {text}")
    terminal.write(f"  {total:>{width}}  {_meaning(result)}")
    if reasons.approximate:
        terminal.write(
            "  These are estimates: each field was taken away in turn, and the score looked at.", style="dim"
        )


def _show_upstreams(result: Result, results: list[Result], terminal: Terminal) -> None:
    """Show what a summary was handed, and which of it counted, with its reasons where the summary has none."""
    winner = winner_of(result)
    blended = winner_text(result) != f"by {winner}"
    found = {other.key: other for other in results}
    lines = [(found[one.model], split_key(one.model)[0]) for one in result.given if one.model in found]
    terminal.write("  It stands on:")
    numbers = [
        score_text(other.score) if other.usable and other.score is not None else clean(other.label or other.outcome)
        for other, _ in lines
    ]
    width = max(map(len, numbers), default=0)
    for number, (other, name) in zip(numbers, lines, strict=True):
        counted = "" if winner != clean(name) else "  (added most)" if blended else "  (this one counted)"
        graded = f", label {clean(other.label)}" if other.score is not None and other.label is not None else ""
        terminal.write(f"    {number:>{width}}  {clean(other.key)}{graded}{counted}")
    for other, name in lines:
        if winner == clean(name) and result.reasons is None and other.reasons is not None:
            terminal.write(f"  Why {clean(other.key)} says so:")
            _show_reasons(other, terminal)
    terminal.write("  Each of these can be explained by its name.", style="dim")


def _total(reasons: Reasons) -> str:
    total = math.fsum([reasons.baseline, reasons.other, *(item.contribution for item in reasons.items)])
    return f"={score_text(total)}"


def _meaning(result: Result) -> str:
    if result.reasons is not None and result.reasons.scale == "log_odds":
        return f"in log odds, which is a score of {score_text(result.score)}"
    return "the score"
