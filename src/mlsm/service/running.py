"""A run: inputs examined, parts scored, results written beside the scoring, the end told."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from platform import node, python_version
from typing import Any

import msgspec

from mlsm._batch import Batch
from mlsm._collector import collector_paused
from mlsm.contracts import InputEntry, ModelEntry, OpenRun, Reject, RunPlan, Store, Tombstones
from mlsm.engine.batch import check_part
from mlsm.engine.order import Prepared
from mlsm.errors import StoreError
from mlsm.service.ahead import ahead, may_be_ahead
from mlsm.service.hands import Hands
from mlsm.service.held import Held
from mlsm.service.inputs import Cut, Inputs
from mlsm.service.keeping import grown, pruned_after
from mlsm.service.last_good import last_good_of, without_store
from mlsm.service.preparing import prepared
from mlsm.service.remaining import is_query, remaining_of
from mlsm.service.report import Progress, Report, Tally, with_history
from mlsm.service.request import Examination, Job, Output
from mlsm.service.scoring import Scoring
from mlsm.service.writing import Sink

__all__ = ["examine", "run"]

_PACKAGES = ("mlsm", "polars", "msgspec")
_YOUNG_MAX = 10_000
"""So many new objects after a part may hold garbage in cycles; looking for it walks the part's columns."""
_TURN_SECONDS = 0.0001


def examine(job: Job) -> Examination:
    """Look at the inputs of a job; nothing is scored or stored.

    Raises:
        InputError: an input cannot be read, or cannot be meant.
    """
    inputs = Inputs(job, prepared(job.catalog, reading=job.reading, shape=job.shape))
    inputs.survey(lambda _: None)
    inputs.check()
    return inputs.examine()


def run(
    job: Job,
    *,
    store: Store | None = None,
    outputs: Sequence[Output] = (),
    on_progress: Callable[[Progress], None] | None = None,
    on_batch: Callable[[Batch], None] | None = None,
    on_rejects: Callable[[Sequence[Reject]], None] | None = None,
) -> Report:
    """Score every record of a job's inputs with every model of its catalog.

    Args:
        job: what to score, with what.
        store: where results are kept; a run that is killed resumes from there.
        outputs: where results go besides.
        on_progress: told how far the run is.
        on_batch: handed each part's results, in order.
        on_rejects: handed each part's rejects, in order; those of parts that are stored already are in the store.

    Raises:
        InputError: an input cannot be read, or cannot be meant; nothing was stored.
        StoreError: the store failed; what was committed stays, the run can be resumed.
    """
    with Hands(job) as hands:  # before all else: they load the models meanwhile
        return _run(job, hands, store, outputs, on_progress or (lambda _: None), on_batch, Tally(on_rejects))


def _run(
    job: Job,
    hands: Hands,
    store: Store | None,
    outputs: Sequence[Output],
    tell: Callable[[Progress], None],
    on_batch: Callable[[Batch], None] | None,
    tally: Tally,
) -> Report:
    started, clock = datetime.now(UTC), time.perf_counter()
    ready = prepared(job.catalog, reading=job.reading, shape=job.shape)
    inputs = Inputs(job, ready, Tombstones() if store is None else store.tombstones())
    inputs.survey(_reading(tell))
    inputs.check()
    size = 0 if store is None else store.size()
    unclosed = _unclosed(store) if job.resume else frozenset()
    opened = None if store is None else store.open_run(_plan(job, inputs), resume=job.resume)
    finished = False
    held = Held(prepared=ready, store=store, opened=opened)
    skipped_records = 0
    if store is not None and opened is not None and opened.resumed and any(map(is_query, job.inputs)):
        job, skipped_records = remaining_of(job, store, opened, held.whole)
        inputs = Inputs(job, ready, store.tombstones())
        inputs.survey(_reading(tell))
    if opened is not None and opened.run_id in unclosed:
        hands.keep_away(inputs.rows)  # nobody was left to close it
    sink = Sink(store, outputs, opened, keep=job.keep, on_batch=on_batch)
    try:
        _score(job, held, inputs, sink, tally, tell, hands)
        sink.finish()
        if store is not None and opened is not None and (opened.resumed or store.run(opened.run_id).forgotten):
            tally.take(store.run(opened.run_id), store.rejects(opened.run_id))
        finished = True
    finally:
        if not finished:
            sink.abandon()
        seconds = time.perf_counter() - clock
        report = _report(
            job, inputs, opened, tally,
            store=store, skipped=len(held.whole), started=started, seconds=seconds, finished=finished,
        )  # fmt: skip
        report = msgspec.structs.replace(report, skipped_records=skipped_records)
        if store is not None and opened is not None:
            # What ended a run early is the news, not that the store cannot note it: it notices a process that is gone.
            with nullcontext() if finished else suppress(StoreError):
                store.close_run(
                    opened.run_id,
                    state=report.state,
                    report={**_told(report), **grown(store, size), "columns": [*inputs.names]},
                )
    return pruned_after(report, job, store)


def _unclosed(store: Store | None) -> frozenset[str]:
    """Name the runs whose last process, as far as can be told, did not live to close them."""
    return frozenset() if store is None else frozenset(run.run_id for run in store.runs() if not run.report)


def _score(
    job: Job,
    held: Held,
    inputs: Inputs,
    sink: Sink,
    tally: Tally,
    tell: Callable[[Progress], None],
    hands: Hands,
) -> None:
    sizes = [rows for part in inputs.parts for rows in part]
    whole = held.whole
    done = sum(sizes[number] for number in whole)
    tell(Progress(stage="scoring", done=done, total=inputs.rows))
    last_good = last_good_of(job.catalog, held.store)
    scoring = Scoring(held.prepared, job, sink.run_id, sink.as_of or job.as_of, held.verdicts(), last_good)
    rejects: dict[int, Any] = {}
    turns = nullcontext() if held.store is None else _turns_shortened()
    with collector_paused(aside=True) as paused, turns, ExitStack() as stack:
        cuts = held.rest(inputs.cuts(whole))
        cuts = _checked(cuts, held.prepared, hands)
        if _reads_ahead(job, stored=held.store is not None):
            cuts = ahead(cuts)
        cuts = _noted(cuts, rejects)
        for batch in stack.enter_context(closing(hands.score(scoring, cuts, inputs.rows - done))):
            cut_rejects = rejects.pop(batch.part)
            sink.write(batch, cut_rejects)
            tally.add(batch, cut_rejects)
            done += sizes[batch.part]
            tell(Progress(stage="scoring", done=done, total=inputs.rows))
            if paused and gc.get_count()[0] > _YOUNG_MAX:
                gc.collect(0)


def _reads_ahead(job: Job, *, stored: bool) -> bool:
    """Tell whether a thread reads the next part; beside one that writes to a store it would only be in its way.

    What is waited for is another matter: a database that answers a query works meanwhile.
    """
    return may_be_ahead(job.inputs) and (not stored or any(map(is_query, job.inputs)))


def _checked(cuts: Iterator[Cut], prepared: Prepared, hands: Hands) -> Iterator[Cut]:
    """Read the columns of parts that are scored here; workers do so themselves."""
    for cut in cuts:
        yield replace(cut, checked=check_part(prepared, cut.columns)) if hands.here else cut


def _noted(cuts: Iterator[Cut], rejects: dict[int, Any]) -> Iterator[Cut]:
    for cut in cuts:
        rejects[cut.number] = cut.rejects
        yield cut


def _reading(tell: Callable[[Progress], None]) -> Callable[[int], None]:
    read = 0

    def on_rows(rows: int) -> None:
        nonlocal read
        read += rows
        tell(Progress(stage="reading", done=read, total=0))

    return on_rows


@contextmanager
def _turns_shortened() -> Iterator[None]:
    """Let the thread that writes to a store have the interpreter's lock soon, and often.

    A store's statements let go of the lock and take it again many times a part; beside functions
    that score, each taking would wait for the usual turn of 5 ms to end.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, _TURN_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _plan(job: Job, inputs: Inputs) -> RunPlan:
    models = tuple(
        ModelEntry(
            name=model.name,
            version=model.version,
            status=model.status,
            kind=model.kind,
            digest=model.digest,
            source=model.source,
            upstreams=tuple(job.catalog.upstreams(model.key).values()),
            columns={field.name: field.column for field in model.inputs if field.column != field.name},
        )
        for model in job.catalog.running
    )
    entries = tuple(
        InputEntry(
            source=reader.source,
            fingerprint=reader.fingerprint(),
            options=reader.options() | _declared(job),
            parts=() if is_query(reader) else parts,
        )
        for reader, parts in zip(job.inputs, inputs.parts, strict=True)
    )
    return RunPlan(
        purpose=job.purpose,
        as_of=job.as_of,
        as_of_named=job.as_of_named,
        models=models,
        inputs=entries,
        id_column=job.id_column,
        keep=job.keep,
        reasons=job.reasons,
        provenance={**_versions(), **job.provenance},
    )


def _declared(job: Job) -> dict[str, str]:
    """Tell what is declared of the data's spelling, so that a resume with another is refused."""
    reading = job.reading
    declared = {name: sorted(getattr(reading, name)) for name in ("null", "true", "false")}
    declared["date_formats"] = [*reading.date_formats]
    told = {name: msgspec.json.encode(words).decode() for name, words in declared.items() if words}
    if reading.decimal != ".":
        told["decimal"] = reading.decimal
    return told if job.shape == "flat" else {**told, "shape": job.shape}


def _versions() -> dict[str, str]:
    found = {"python": python_version(), "host": node()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # running from a source tree that is not installed
            found[package] = "unknown"
    return found


def _report(
    job: Job,
    inputs: Inputs,
    opened: OpenRun | None,
    tally: Tally,
    *,
    store: Store | None,
    skipped: int,
    started: datetime,
    seconds: float,
    finished: bool,
) -> Report:
    limits = job.limits
    run_id = None if opened is None else opened.run_id
    degradations = tally.degradations(limits, started, run_id)
    if store is not None and degradations:
        with nullcontext() if finished else suppress(StoreError):
            degradations = with_history(degradations, store.runs())
    return Report(
        run_id=run_id,
        state="finished" if finished else "interrupted",
        resumed=opened is not None and opened.resumed,
        records=tally.records,
        rejected=tally.rejected,
        parts=sum(map(len, inputs.parts)),
        skipped_parts=skipped,
        counts={key: dict(counted) for key, counted in tally.counts.items()},
        errors=tally.errors(),
        rejects=tuple(tally.rejects),
        started_at=started,
        seconds=seconds,
        failed_share=tally.failed_share(tuple(limits)),
        degraded=tuple(one.model for one in degradations),
        degradations=degradations,
        absent=inputs.absent,
        notices=without_store(job.catalog) if store is None else (),
    )


def _told(report: Report) -> dict[str, Any]:
    """Give the part of a report that the store keeps; what is said of single records is there already.

    Said twice, it would outlive those who are forgotten: an error's first ids, a message with a value.
    """
    told: dict[str, Any] = msgspec.to_builtins(report)
    for known in ("rejects", "counts", "run_id", "errors"):
        told.pop(known)
    for degraded in told["degradations"]:
        degraded.pop("errors")
    return told
