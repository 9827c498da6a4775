"""The store in a PostgreSQL database: for many readers, and writers on other machines.

Results go in by COPY through ADBC. The layout is told in `schema.py`, the views for people
with SQL tools in `views.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
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
from mlsm.stores._runid import new_run_id
from mlsm.stores.postgres import best, copying, forgetting, listing, pruning, reading, runs
from mlsm.stores.postgres.address import read_address
from mlsm.stores.postgres.checking import faults
from mlsm.stores.postgres.connection import Connections, Database
from mlsm.stores.postgres.held import holdings
from mlsm.stores.postgres.quick import LookUps
from mlsm.stores.postgres.ranking import CURRENT, SCORES, Rule
from mlsm.stores.postgres.writing import write_lane

if TYPE_CHECKING:
    import polars as pl

__all__ = ["PostgresStore", "open_store"]


def open_store(url: str, folder: Path, *, patience: float = PATIENCE_SECONDS) -> PostgresStore:  # noqa: ARG001 - no path is relative here
    """Open the store of a URL such as `postgresql://ada@db/leads`; nothing is made before a run begins.

    Example:
        >>> open_store("postgresql://ada:secret@db/leads", Path()).url
        'postgresql://ada@db/leads'
    """
    return PostgresStore(url, patience=patience)


class PostgresStore:
    """Results in a schema of a PostgreSQL database, for any number of readers and one writer at a time.

    Where several write, each waits for the others' lanes. A store that is not there reads as
    an empty one; the first run that is opened makes it. A listing shows the store as it was
    at one moment, however long it is read. A server that goes away is tried again for a
    while; what was being written is then written once.

    Args:
        url: the database, as libpq reads it, with `?schema=name` for another schema than `mlsm`.
        patience: seconds for which an unreachable server is tried again while writing.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE_SECONDS) -> None:
        address = read_address(url)
        self.url = address.shown
        self._at = Connections(address, patience=patience)
        self._look_ups = LookUps(self._at)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def open_run(self, plan: RunPlan, *, resume: bool = False) -> OpenRun:
        """Begin a run, or take up an unfinished one; make the store where there is none."""
        self._at.create()
        run_id = new_run_id()  # drawn before the transaction, so that a second try begins the same run
        return self._at.change(lambda db: runs.open_or_resume(db, plan, run_id, resume=resume))

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        """Commit one lane of a part, or change nothing and return False if it is there."""
        own, tries = batch.lane(lane), itertools.count()

        def write(db: Database) -> bool:
            again = next(tries) > 0
            # What is there on a second try was committed by the first, whose answer was lost.
            return write_lane(db, run_id, part, lane, own, rejects) or again

        return self._at.change(write)

    def close_run(self, run_id: str, *, state: str, report: Mapping[str, Any]) -> None:
        """Note how the run ended: `finished` or `interrupted`."""
        self._at.change(lambda db: runs.close(db, run_id, state, report))

    def runs(self) -> list[RunEntry]:
        """List the runs, newest first."""
        return self._at.read(runs.list_runs)

    def run(self, run_id: str) -> RunEntry:
        """Give one run, by its id or the beginning of it."""
        return self._at.read(lambda db: runs.list_runs(db, runs.resolved(db, run_id))[0])

    def score(self, record_id: str) -> list[Result]:
        """Give the score of a record: one result a model name, by name."""
        return self._look_up(record_id, SCORES)

    def current(self, record_id: str) -> list[Result]:
        """Give the current result of each model version: by name, the newest of a name first."""
        return self._look_up(record_id, CURRENT)

    def _look_up(self, record_id: str, rule: Rule) -> list[Result]:
        if found := self._look_ups.find(record_id, rule):
            return found
        return self._at.read(lambda db: reading.current_results(db, record_id, rule))

    def history(self, record_id: str) -> list[Result]:
        """Give every committed result of a record, newest first, those of trials too."""
        return self._at.read(lambda db: reading.past_results(db, record_id))

    def kept(self, record_id: str) -> dict[str, Any]:
        """Give the kept columns of a record as they came with the newest live part that has some."""
        return self._at.read(lambda db: reading.kept_columns(db, record_id))

    def scores(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the score of every record, as of one moment."""
        with self._at.reading() as db:
            yield from listing.list_current(db, SCORES, selection)

    def currents(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the current result of every record and model version, as of one moment."""
        with self._at.reading() as db:
            yield from listing.list_current(db, CURRENT, selection)

    def results(self, run_id: str, selection: Selection, *, part: int | None = None) -> Iterator[pl.DataFrame]:
        """Yield the results of one run, a frame a part; of one part alone where it is named."""
        if part is not None:
            yield from self._at.read(lambda db: list(self._of_run(db, run_id, selection, part)))
            return
        with self._at.reading() as db:
            yield from self._of_run(db, run_id, selection)

    @staticmethod
    def _of_run(db: Database, run_id: str, selection: Selection, part: int | None = None) -> Iterator[pl.DataFrame]:
        entry = runs.list_runs(db, runs.resolved(db, run_id))[0]
        return listing.list_run(db, runs.find(db, entry.run_id), entry.plan, selection, part)

    def changes(self, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield (seq, results) of every live lane committed after `after`, by seq."""
        with self._at.reading() as db:
            yield from listing.list_changes(db, after)

    def seq(self, run_id: str | None = None) -> int:
        """Give the greatest seq (of a run), 0 where nothing is committed."""
        return self._at.read(
            lambda db: runs.greatest_seq(db, None if run_id is None else runs.find(db, runs.resolved(db, run_id)))
        )

    def rejects(self, run_id: str) -> Iterator[Reject]:
        """Yield the rejects of a run, in the order of its input."""
        yield from self._at.read(lambda db: list(listing.list_rejects(db, runs.find(db, runs.resolved(db, run_id)))))

    def inputs(self, run_id: str, *, record_id: str | None = None) -> Iterator[pl.DataFrame]:
        """Yield the kept inputs of a run, part by part; of one record its rows alone."""
        with self._at.reading() as db:
            yield from listing.list_inputs(db, runs.find(db, runs.resolved(db, run_id)), record_id)

    def top(self, model: str, n: int) -> list[Result]:
        """Give the n best results of a name (its scores) or key (what is current), the best first."""
        return self._at.read(lambda db: best.best_results(db, model, n))

    def last_good(self, names: Sequence[str], record_ids: Sequence[str]) -> pl.DataFrame:
        """Give the last good score of each record and name."""
        return self._at.read(lambda db: best.last_good_results(db, names, record_ids))

    def held(self, record_id: str) -> Holdings:
        """Give all that is held of a record."""
        return self._at.read(lambda db: holdings(db, record_id))

    def forget(self, record_id: str) -> Forgotten:
        """Remove a record from everything, and leave a tombstone."""
        self._at.create()
        return self._at.change(lambda db: forgetting.forget(db, record_id))

    def lift(self, record_id: str) -> bool:
        """Remove a tombstone; tell whether there was one."""
        return self._at.there() and self._at.change(lambda db: forgetting.lift(db, record_id))

    def tombstones(self) -> Tombstones:
        """Give the tombstones with their key."""
        return self._at.read(forgetting.tombstones)

    def bury(self, tombstones: Tombstones) -> None:
        """Take over the tombstones of another store."""
        self._at.create()
        self._at.change(lambda db: forgetting.bury(db, tombstones))

    def prune(self, *, keep_runs: int | None = None, before: datetime | None = None) -> Pruned:
        """Remove what is old and no longer needed."""
        refuse_unbounded(keep_runs, before)
        if not self._at.there():
            return Pruned()
        return self._at.change(lambda db: pruning.prune(db, keep_runs, before))

    def check(self) -> list[str]:
        """Look for faults in what is stored."""
        return self._at.read(lambda db: list(faults(db)))

    def size(self) -> int:
        """Give the bytes of the store's tables and indexes; what pruning freed is used again."""
        return self._at.read(runs.used_bytes)

    def lanes(self) -> Iterator[StoredLane]:
        """Yield every committed lane, by seq."""
        with self._at.reading() as db:
            yield from copying.list_lanes(db)

    def adopt(self, entry: RunEntry) -> None:
        """Take over a run of another store, without its counts."""
        self._at.create()
        self._at.change(lambda db: copying.adopt(db, entry))

    def dispose(self) -> None:
        """Close the connections; a later call opens them again."""
        self._look_ups.dispose()
        self._at.dispose()
