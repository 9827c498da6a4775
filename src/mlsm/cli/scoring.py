"""One scoring from start to end: progress, log, results, and the summary of the run."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mlsm.cli.failures import message_hash
from mlsm.cli.log import RunLog, log_folder, without_messages
from mlsm.cli.opening import opened_store, shown_url
from mlsm.cli.outputs import RejectsFile
from mlsm.cli.progress import progress_bar
from mlsm.cli.stops import Stops
from mlsm.cli.summary import Done
from mlsm.cli.terminal import Terminal

if TYPE_CHECKING:
    from mlsm._batch import Batch
    from mlsm.contracts import Reject, Store
    from mlsm.project import Project
    from mlsm.service import Job, Output, Progress, Report

__all__ = ["Scoring", "exit_code", "score_job"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """What is scored, and where everything about it goes.

    Args:
        project: the project.
        job: what the service is asked for.
        store_url: another store than the project's.
        stored: whether there is a store at all.
        out: a file or folder that receives the results besides.
        wide: whether it has one row a lead.
        rejects: a file that receives the rejects.
        log: where the log goes, as `--log` has it.
    """

    project: Project
    job: Job
    store_url: str | None = None
    stored: bool = True
    out: str | None = None
    wide: bool = False
    rejects: str | None = None
    log: str | None = None

    @property
    def places(self) -> list[str]:
        """Give the places where results go, as people call them."""
        url = self.project.store_url if self.store_url is None else self.store_url
        out = "standard output" if self.out == "-" else self.out
        return [*([shown_url(url)] if self.stored else []), *([out] if out is not None else [])]


def score_job(scoring: Scoring, terminal: Terminal) -> Done:
    """Score with a progress bar and a log, and write the rejects where they are wanted."""
    with ExitStack() as stack:
        store = stack.enter_context(opened_store(scoring.store_url, scoring.project)) if scoring.stored else None
        rejects = None
        if scoring.rejects is not None:
            rejects = RejectsFile(scoring.rejects)
            stack.callback(rejects.abort)  # does nothing once it is closed
        log = stack.enter_context(RunLog(scoring.log, log_folder(scoring.project.folder)))
        batches = _BatchLog(log, terminal.stops)
        # With a store it has them all, those of an interrupted run's first parts too.
        on_rejects = rejects.add if rejects is not None and store is None else None
        report = _logged_run(scoring, store, log, batches, terminal, on_rejects)
        if log.failure is not None:
            terminal.say(f"The log could not be written to its end: {log.failure.strerror}.", style="yellow")
        if rejects is not None:
            if store is not None:
                rejects.add(_stored_rejects(store, report))
            rejects.close()
        return Done(
            job=scoring.job,
            report=report,
            places=scoring.places,
            log=log.path,
            first_id=batches.first_id,
            as_of=batches.as_of or scoring.job.as_of,
        )


def exit_code(done: Done) -> int:
    """Give the exit code of a run that finished: 4 where an active model failed too often."""
    return 4 if done.report.degraded else 0


def _logged_run(
    scoring: Scoring,
    store: Store | None,
    log: RunLog,
    batches: _BatchLog,
    terminal: Terminal,
    on_rejects: Callable[[Sequence[Reject]], None] | None,
) -> Report:
    """Run with a progress bar, every event noted; what ends the run early is noted too."""
    from mlsm.service.running import run

    job = scoring.job
    log.event(
        "run started",
        models=[model.key for model in job.catalog.running],
        inputs=[reader.source for reader in job.inputs],
        as_of=job.as_of,
        purpose=job.purpose,
        resume=job.resume,
    )
    quiet = scoring.log == "-"
    with _noting_what_ends_it(log, store, terminal), progress_bar(terminal, "Reading", quiet=quiet) as advance:

        def on_progress(progress: Progress) -> None:
            advance(progress.stage.capitalize(), progress.done, progress.total or None)

        report = run(
            job,
            store=store,
            outputs=_outputs(scoring, terminal),
            on_progress=on_progress,
            on_batch=batches.note,
            on_rejects=on_rejects,
        )
    if report.run_id is not None:
        log.begin(report.run_id)
    log.event(
        "run ended",
        state=report.state,
        records=report.records,
        rejected=report.rejected,
        counts=report.counts,
        seconds=report.seconds,
        degraded=report.degraded,
    )
    return report


@contextmanager
def _noting_what_ends_it(log: RunLog, store: Store | None, terminal: Terminal) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        log.event("run ended", state="interrupted")
        if store is not None:
            terminal.say("\nWhat was scored is kept. Go on with the same command and --resume.")
        raise
    except BaseException as error:
        text = "".join(traceback.format_exception(error))
        log.event("run ended", state="interrupted", type=type(error).__name__, trace=without_messages(text))
        raise


class _BatchLog:
    """Notes each part as it is scored, and each distinct traceback once."""

    def __init__(self, log: RunLog, stops: Stops) -> None:
        self.first_id: str | None = None
        self.as_of: datetime | None = None
        self._log = log
        self._stops = stops
        self._seen: set[tuple[str, str, str]] = set()

    def note(self, batch: Batch) -> None:
        """Note a part before it is written, unless somebody asked to stop and a model kept it to itself."""
        self._stops.check()
        self._log.begin(batch.run_id)
        self.as_of = batch.as_of
        if self.first_id is None and len(batch):
            self.first_id = batch.frame.item(0, "record_id")
        for trace in batch.traces:
            named = trace.model, trace.type, message_hash(trace.message)
            if named not in self._seen:
                self._seen.add(named)
                self._log.event(
                    "error",
                    model=trace.model,
                    type=trace.type,
                    message_hash=named[2],
                    part=batch.part,
                    trace=without_messages(trace.text),
                )
        self._log.event("part done", part=batch.part, records=len(batch))


def _outputs(scoring: Scoring, terminal: Terminal) -> tuple[Output, ...]:
    if scoring.out is None:
        return ()
    from mlsm.service import Output
    from mlsm.writers import open_writer

    return (Output(writer=open_writer(scoring.out, stdout=terminal.out.buffer), wide=scoring.wide),)


def _stored_rejects(store: Store, report: Report) -> Iterable[Reject]:
    return () if report.run_id is None else store.rejects(report.run_id)
