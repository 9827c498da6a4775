"""The store in a MongoDB database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlsm._batch import Batch
from mlsm._result import Result
from mlsm._typing import Lane
from mlsm.contracts import (
    PATIENCE_SECONDS,
    Forgotten,
    Holdings,
    OpenRun,
    Pruned,
    Reject,
    RunEntry,
    RunPlan,
    Selection,
    StoredLane,
    Tombstones,
)
from mlsm.stores._keeping import refuse_unbounded
from mlsm.stores.mongo import best, copying, forgetting, listing, pruning, reading, runs
from mlsm.stores.mongo.address import Address
from mlsm.stores.mongo.checking import faults
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.notes import Notes, greatest_seq
from mlsm.stores.mongo.settling import recover
from mlsm.stores.mongo.writing import Writer

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MongoStore"]


class MongoStore:
    """Results in a MongoDB database, for any number of readers and writers.

    A store that is not there reads as an empty one; the first run that is opened makes it.
    A listing shows what was committed when it began.

    Args:
        address: where it is.
        patience: seconds for which a server that was lost is waited for.
    """

    def __init__(self, address: Address, *, patience: float = PATIENCE_SECONDS) -> None:
        self.url = address.url
        self._server = Server(address, patience=patience)
        self._writer = Writer(self._server)
        self._notes = Notes(self._server, lasting=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def open_run(self, plan: RunPlan, *, resume: bool = False) -> OpenRun:
        """Begin a run, or take up an unfinished one; make the store where there is none."""
        self._server.prepare()
        recover(self._server)
        return runs.open_or_resume(self._server, plan, resume=resume)

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        """Commit one lane of a part, or change nothing and return False if it is there."""
        self._server.prepare()
        return self._writer.write(run_id, part, lane, batch.lane(lane), rejects)

    def close_run(self, run_id: str, *, state: str, report: Mapping[str, Any]) -> None:
        """Note how the run ended: `finished` or `interrupted`."""
        runs.close(self._server, run_id, state, report)
        recover(self._server)

    def runs(self) -> list[RunEntry]:
        """List the runs, newest first."""
        return runs.list_runs(self._server)

    def run(self, run_id: str) -> RunEntry:
        """Give one run, by its id or the beginning of it."""
        return runs.list_runs(self._server, runs.resolved(self._server, run_id))[0]

    def score(self, record_id: str) -> list[Result]:
        """Give the score of a record: one result a model name, by name."""
        return reading.current_results(self._server, record_id, "score", self._notes)

    def current(self, record_id: str) -> list[Result]:
        """Give the current result of each model version: by name, the newest of a name first."""
        return reading.current_results(self._server, record_id, "current", self._notes)

    def history(self, record_id: str) -> list[Result]:
        """Give every committed result of a record, newest first, those of trials too."""
        return reading.past_results(self._server, record_id)

    def kept(self, record_id: str) -> dict[str, Any]:
        """Give the kept columns of a record as they came with the newest live part that has some."""
        return reading.kept_columns(self._server, record_id)

    def scores(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the score of every record, as of one moment."""
        yield from listing.list_current(self._server, "score", selection)

    def currents(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the current result of every record and model version, as of one moment."""
        yield from listing.list_current(self._server, "current", selection)

    def results(self, run_id: str, selection: Selection, *, part: int | None = None) -> Iterator[pl.DataFrame]:
        """Yield the results of one run, a frame a part; of one part alone where it is named."""
        run_id = runs.resolved(self._server, run_id)
        plan = runs.plan_of(self._server, run_id)
        yield from listing.list_run(self._server, run_id, plan, selection, part)

    def changes(self, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield (seq, results) of every live lane committed after `after`, by seq."""
        yield from listing.list_changes(self._server, after)

    def seq(self, run_id: str | None = None) -> int:
        """Give the greatest seq (of a run), 0 where nothing is committed."""
        return greatest_seq(self._server, None if run_id is None else runs.resolved(self._server, run_id))

    def rejects(self, run_id: str) -> Iterator[Reject]:
        """Yield the rejects of a run, in the order of its input."""
        yield from listing.list_rejects(self._server, runs.resolved(self._server, run_id))

    def inputs(self, run_id: str, *, record_id: str | None = None) -> Iterator[pl.DataFrame]:
        """Yield the kept inputs of a run, part by part; of one record its rows alone."""
        yield from listing.list_inputs(self._server, runs.resolved(self._server, run_id), record_id)

    def top(self, model: str, n: int) -> list[Result]:
        """Give the n best results of a name (its scores) or key (what is current), the best first."""
        return best.best_results(self._server, model, n)

    def last_good(self, names: Sequence[str], record_ids: Sequence[str]) -> pl.DataFrame:
        """Give the last good score of each record and name."""
        return best.last_good_results(self._server, names, record_ids)

    def held(self, record_id: str) -> Holdings:
        """Give all that is held of a record."""
        return reading.held(self._server, record_id)

    def forget(self, record_id: str) -> Forgotten:
        """Remove a record from everything, and leave a tombstone."""
        self._server.prepare()
        recover(self._server)
        return forgetting.forget(self._server, record_id)

    def lift(self, record_id: str) -> bool:
        """Remove a tombstone; tell whether there was one."""
        return forgetting.lift(self._server, record_id)

    def tombstones(self) -> Tombstones:
        """Give the tombstones with their key."""
        return forgetting.tombstones(self._server)

    def bury(self, tombstones: Tombstones) -> None:
        """Take over the tombstones of another store."""
        self._server.prepare()
        forgetting.bury(self._server, tombstones)

    def prune(self, *, keep_runs: int | None = None, before: datetime | None = None) -> Pruned:
        """Remove what is old and no longer needed."""
        refuse_unbounded(keep_runs, before)
        self._server.prepare()
        recover(self._server)
        return pruning.prune(self._server, keep_runs, before)

    def check(self) -> list[str]:
        """Look for faults in what is stored."""
        return list(faults(self._server))

    def size(self) -> int:
        """Give the bytes that documents and indexes take."""
        return self._server.used_bytes()

    def lanes(self) -> Iterator[StoredLane]:
        """Yield every committed lane, by seq."""
        yield from copying.list_lanes(self._server)

    def adopt(self, entry: RunEntry) -> None:
        """Take over a run of another store, without its counts."""
        self._server.prepare()
        runs.adopt(self._server, entry)

    def dispose(self) -> None:
        """Close the connection; a later call makes a new one."""
        self._server.dispose()
