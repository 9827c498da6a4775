"""The summary of a run: counts, rejects, time, what failed and why, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsm.cli.counts import counts_table
from mlsm.cli.failures import failures_table, what_of
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import absent_lines, amount, clean, duration, lead_command, moment, named, rate

if TYPE_CHECKING:
    from mlsm.service import Degraded, Job, Report

__all__ = ["Done", "show_counts", "show_failures", "show_summary", "summary_document", "tell_next", "tell_run"]

_FAILURES_SHOWN = 10
_REJECTS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A run that came to its end.

    Args:
        job: what was asked for.
        report: what the service says of the run.
        as_of: the clock that the models saw: a resumed run keeps its own.
        places: where the results are, as people call it.
        log: the file of the run's log.
        first_id: a lead that was scored.
    """

    job: Job
    report: Report
    as_of: datetime
    places: Sequence[str] = ()
    log: Path | None = None
    first_id: str | None = None


def show_summary(done: Done, terminal: Terminal) -> None:
    """Show what a run came to: the tables are data, the sentences are talk."""
    if terminal.json:
        terminal.document(summary_document(done))
    else:
        show_counts(done, terminal)
        show_failures(done.report, terminal)
    terminal.say()
    tell_run(done, terminal)
    if done.report.run_id is not None:
        tell_next(_next_lines(done), terminal)


def summary_document(done: Done) -> dict[str, Any]:
    """Give the summary as JSON has it."""
    report = done.report
    return {
        **{name: getattr(report, name) for name in report.__struct_fields__},
        "purpose": done.job.purpose,
        "as_of": done.as_of,
        "leads_per_second": round(report.records / max(report.seconds, 1e-9), 1),
        "results_in": done.places,
        "log": None if done.log is None else str(done.log),
    }


def show_counts(done: Done, terminal: Terminal) -> None:
    """Show the counts by model version and outcome."""
    statuses = {model.key: model.status for model in done.job.catalog.running}
    terminal.table(counts_table(done.report.counts, statuses))


def show_failures(report: Report, terminal: Terminal, *, limit: int = _FAILURES_SHOWN) -> None:
    """Show what failed and why, the models' own failures first."""
    if not report.errors:
        return
    terminal.title("What failed and why")
    table = failures_table(report.errors)
    terminal.table(replace(table, rows=table.rows[:limit]))
    if len(table.rows) > limit:
        terminal.say(f"and {amount(len(table.rows) - limit, 'more kind', 'more kinds')}", style="dim")


def tell_run(done: Done, terminal: Terminal) -> None:
    """Tell how many leads were scored, how fast, what was rejected, and where the results are."""
    job, report = done.job, done.report
    took = f"{duration(report.seconds)}, {rate(report.records, report.seconds)}"
    resumed = f", {amount(report.skipped_parts, 'part')} of them done before" if report.resumed else ""
    rejected = f", {amount(report.rejected, 'row')} rejected" if report.rejected else ""
    terminal.say(f"{amount(report.records, 'lead')} scored{rejected}{resumed} in {took}.", style="bold")
    if report.skipped_records:
        known = amount(report.skipped_records, "lead of the query was", "leads of the query were")
        terminal.say(f"{known} stored already and skipped.")
    for reject in report.rejects[:_REJECTS_SHOWN]:
        place = f"row {reject.row}" if reject.line is None else f"line {reject.line}"
        terminal.say(f"  rejected {clean(reject.source)} {place}: {clean(reject.reason)}", style="dim")
    if report.rejected > _REJECTS_SHOWN:
        way = f"all: mlsm runs {report.run_id[:13]} --rejects" if report.run_id else "--rejects FILE writes them all"
        terminal.say(f"  and {report.rejected - _REJECTS_SHOWN:,} more; {way}", style="dim")
    for line in absent_lines(report.absent):
        terminal.say(f"Read as empty for every lead: {line}.", style="yellow")
    for one in report.degradations:
        _tell_degraded(one, report, terminal)
    if done.places:
        kind = " as a trial" if job.purpose == "trial" else ""
        run = f", run {report.run_id}" if report.run_id else ""
        terminal.say(f"Results are in {named(done.places)}{kind}{run}.")


def _tell_degraded(one: Degraded, report: Report, terminal: Terminal) -> None:
    """Tell of an active model how often it failed, since when, and its first errors."""
    told = []
    if one.failed_share > one.max_failed:
        told.append(f"failed for {one.failed_share:.1%} of the leads, more than the {one.max_failed:.1%} allowed")
    if one.max_invalid is not None and one.invalid_share > one.max_invalid:
        told.append(f"found {one.invalid_share:.1%} of the leads invalid, more than the {one.max_invalid:.1%} allowed")
    terminal.say(f"{one.model} is active and {', and '.join(told)}.", style="bold red")
    if one.since_run != report.run_id:
        since = f"It has been so since {moment(one.since)} UTC, run {(one.since_run or '')[:13]}."
        terminal.say(f"  {since}", style="red")
    for note in one.errors:
        terminal.say(f"  {amount(note.count, 'lead')}: {clean(what_of(note), limit=200)}", style="dim")


def tell_next(lines: Sequence[tuple[str, str]], terminal: Terminal) -> None:
    """Tell which commands to try next, each with what it shows."""
    terminal.say()
    terminal.say("Next:", style="dim")
    width = max(len(line) for line, _ in lines)
    for line, what in lines:
        terminal.say(f"  {line.ljust(width)}  {what}", style="dim")


def _next_lines(done: Done) -> list[tuple[str, str]]:
    report = done.report
    failed = [(f"mlsm runs {(report.run_id or '')[:13]} --errors", "what failed, with tracebacks")]
    return [
        (lead_command(done.first_id), "one lead, and why"),
        *(failed if report.errors else ()),
        ("mlsm export scores.csv", "the score of every lead"),
    ]
