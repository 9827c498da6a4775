"""The summary of a run: counts, rejects, time, what failed and why, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlsm.cli.counts import counts_table
from mlsm.cli.failures import failures_table
from mlsm.cli.terminal import Terminal
from mlsm.cli.wording import amount, clean, duration, named, rate

if TYPE_CHECKING:
    from mlsm.service import Job, Report

__all__ = ["show_failures", "show_summary"]

_FAILURES_SHOWN = 10
_REJECTS_SHOWN = 3


def show_summary(job: Job, report: Report, places: Sequence[str], terminal: Terminal, *, log: Path | None) -> None:
    """Show what a run came to.

    Args:
        job: what was asked for.
        report: what the service says of the run.
        places: where the results are.
        terminal: the tables are data, the sentences are talk.
        log: the file of the run's log.
    """
    if terminal.json:
        speed = report.records / max(report.seconds, 1e-9)
        terminal.document(
            {
                **{name: getattr(report, name) for name in report.__struct_fields__},
                "purpose": job.purpose,
                "as_of": job.as_of,
                "leads_per_second": round(speed, 1),
                "results_in": places,
                "log": None if log is None else str(log),
            }
        )
    else:
        statuses = {model.key: model.status for model in job.catalog.running}
        terminal.table(counts_table(report.counts, statuses))
        show_failures(report, terminal)
    _tell(job, report, places, terminal)


def show_failures(report: Report, terminal: Terminal) -> None:
    """Show what failed and why, the most frequent first."""
    if not report.errors:
        return
    terminal.title("What failed and why")
    terminal.table(failures_table(report.errors[:_FAILURES_SHOWN]))
    if len(report.errors) > _FAILURES_SHOWN:
        terminal.say(f"and {amount(len(report.errors) - _FAILURES_SHOWN, 'more kind', 'more kinds')}.", style="dim")


def _tell(job: Job, report: Report, places: Sequence[str], terminal: Terminal) -> None:
    terminal.say()
    took = f"{duration(report.seconds)}, {rate(report.records, report.seconds)}"
    resumed = f", {amount(report.skipped_parts, 'part')} of them done before" if report.resumed else ""
    rejected = f", {amount(report.rejected, 'row')} rejected" if report.rejected else ""
    terminal.say(f"{amount(report.records, 'lead')} scored{rejected}{resumed} in {took}.", style="bold")
    for reject in report.rejects[:_REJECTS_SHOWN]:
        place = f"row {reject.row:,}" if reject.line is None else f"line {reject.line:,}"
        terminal.say(f"  rejected {clean(reject.source)} {place}: {clean(reject.reason)}", style="dim")
    if report.rejected > _REJECTS_SHOWN:
        terminal.say(f"  and {report.rejected - _REJECTS_SHOWN:,} more; --rejects FILE writes them all", style="dim")
    for key in report.degraded:
        share = report.failed_share[key]
        terminal.say(
            f"{key} is active and failed for {share:.1%} of the leads, more than the {job.max_failed:.1%} allowed.",
            style="bold red",
        )
    if places:
        kind = " as a trial" if job.purpose == "trial" else ""
        terminal.say(f"Results are in {named(places)}{kind}" + (f", run {report.run_id}." if report.run_id else "."))
    _tell_next(report, terminal)


def _tell_next(report: Report, terminal: Terminal) -> None:
    if report.run_id is None:
        return
    terminal.say()
    terminal.say("Next:", style="dim")
    first = next((note.first_ids[0] for note in report.errors if note.first_ids), None)
    lines = [(f"mlsm lead {clean(first) if first else 'ID'}", "one lead: scores, reasons, history")]
    if report.errors:
        lines.append((f"mlsm runs {report.run_id[:13]} --errors", "what failed, with tracebacks"))
    lines.append(("mlsm export scores.csv", "the score of every lead"))
    width = max(len(line) for line, _ in lines)
    for line, what in lines:
        terminal.say(f"  {line.ljust(width)}  {what}", style="dim")
