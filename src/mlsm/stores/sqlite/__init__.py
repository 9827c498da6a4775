"""The store in one SQLite file: what is there without any server.

The layout is told in `schema.py`, the views for people with SQL tools in `views.py`.
"""

from __future__ import annotations

import re
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
from mlsm.errors import StoreError
from mlsm.stores._keeping import refuse_unbounded
from mlsm.stores.sqlite import best, copying, forgetting, listing, pruning, reading, runs
from mlsm.stores.sqlite.checking import faults
from mlsm.stores.sqlite.connection import Connections
from mlsm.stores.sqlite.held import holdings
from mlsm.stores.sqlite.ranking import CURRENT, SCORES
from mlsm.stores.sqlite.writing import write_lane

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SqliteStore", "open_store"]

_BUSY_TIMEOUT = 30.0


def open_store(url: str, folder: Path, *, patience: float = PATIENCE_SECONDS) -> SqliteStore:  # noqa: ARG001 - a file does not go away
    """Open the store of a URL such as `sqlite:///leads.db`; nothing is made before a run begins.

    Example:
        >>> open_store("sqlite:////var/lib/leads.db", Path()).path
        PosixPath('/var/lib/leads.db')
    """
    found = re.fullmatch("(?i:sqlite):///(.+)", url)
    if found is None:
        raise StoreError(
            f"{url!r} names no SQLite file; expected 'sqlite:///' and a path.",
            hint="Three slashes stand before a relative path (sqlite:///leads.db), four before an absolute one.",
        )
    return SqliteStore(folder / found[1], url=url)


class SqliteStore:
    """Results in one SQLite file, for any number of readers and one writer at a time.

    Where several write, each waits for the others' lanes. A store that is not there reads
    as an empty one; the first run that is opened makes it. A listing shows the store as it
    was at one moment, however long it is read.

    Args:
        path: the file.
        url: what the store is called; by default made from the path.
        busy_timeout: seconds to wait for a lock of another process.

    Example:
        >>> store = SqliteStore(Path("leads.db"))
        >>> store.url
        'sqlite:///leads.db'
    """

    def __init__(self, path: Path, *, url: str | None = None, busy_timeout: float = _BUSY_TIMEOUT) -> None:
        self.path = path
        self.url = f"sqlite:///{path}" if url is None else url
        self._connections = Connections(path, busy_timeout=busy_timeout)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    def open_run(self, plan: RunPlan, *, resume: bool = False) -> OpenRun:
        """Begin a run, or take up an unfinished one; make the store where there is none."""
        self._connections.create()
        with self._connections.writing() as db:
            return runs.open_or_resume(db, plan, resume=resume)

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        """Commit one lane of a part, or change nothing and return False if it is there."""
        with self._connections.writing() as db:
            return write_lane(db, run_id, part, lane, batch.lane(lane), rejects)

    def close_run(self, run_id: str, *, state: str, report: Mapping[str, Any]) -> None:
        """Note how the run ended: `finished` or `interrupted`."""
        with self._connections.writing() as db:
            runs.close(db, run_id, state, report)

    def runs(self) -> list[RunEntry]:
        """List the runs, newest first."""
        with self._connections.reading() as db:
            return runs.list_runs(db)

    def run(self, run_id: str) -> RunEntry:
        """Give one run, by its id or the beginning of it."""
        with self._connections.reading() as db:
            return runs.list_runs(db, runs.resolved(db, run_id))[0]

    def score(self, record_id: str) -> list[Result]:
        """Give the score of a record: one result a model name, by name."""
        with self._connections.reading() as db:
            return reading.current_results(db, record_id, SCORES)

    def current(self, record_id: str) -> list[Result]:
        """Give the current result of each model version: by name, the newest of a name first."""
        with self._connections.reading() as db:
            return reading.current_results(db, record_id, CURRENT)

    def history(self, record_id: str) -> list[Result]:
        """Give every committed result of a record, newest first, those of trials too."""
        with self._connections.reading() as db:
            return reading.past_results(db, record_id)

    def kept(self, record_id: str) -> dict[str, Any]:
        """Give the kept columns of a record as they came with the newest live part that has some."""
        with self._connections.reading() as db:
            return reading.kept_columns(db, record_id)

    def scores(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the score of every record, as of one moment."""
        with self._connections.reading() as db:
            yield from listing.list_current(db, SCORES, selection)

    def currents(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the current result of every record and model version, as of one moment."""
        with self._connections.reading() as db:
            yield from listing.list_current(db, CURRENT, selection)

    def results(self, run_id: str, selection: Selection, *, part: int | None = None) -> Iterator[pl.DataFrame]:
        """Yield the results of one run, a frame a part; of one part alone where it is named."""
        with self._connections.reading() as db:
            entry = runs.list_runs(db, runs.resolved(db, run_id))[0]
            yield from listing.list_run(db, runs.find(db, entry.run_id), entry.plan, selection, part)

    def changes(self, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield (seq, results) of every live lane committed after `after`, by seq."""
        with self._connections.reading() as db:
            yield from listing.list_changes(db, after)

    def seq(self, run_id: str | None = None) -> int:
        """Give the greatest seq (of a run), 0 where nothing is committed."""
        with self._connections.reading() as db:
            return runs.greatest_seq(db, None if run_id is None else runs.find(db, runs.resolved(db, run_id)))

    def rejects(self, run_id: str) -> Iterator[Reject]:
        """Yield the rejects of a run, in the order of its input."""
        with self._connections.reading() as db:
            yield from listing.list_rejects(db, runs.find(db, runs.resolved(db, run_id)))

    def inputs(self, run_id: str, *, record_id: str | None = None) -> Iterator[pl.DataFrame]:
        """Yield the kept inputs of a run, part by part; of one record its rows alone."""
        with self._connections.reading() as db:
            yield from listing.list_inputs(db, runs.find(db, runs.resolved(db, run_id)), record_id)

    def top(self, model: str, n: int) -> list[Result]:
        """Give the n best results of a name (its scores) or key (what is current), the best first."""
        with self._connections.reading() as db:
            return best.best_results(db, model, n)

    def last_good(self, names: Sequence[str], record_ids: Sequence[str]) -> pl.DataFrame:
        """Give the last good score of each record and name."""
        with self._connections.reading() as db:
            return best.last_good_results(db, names, record_ids)

    def held(self, record_id: str) -> Holdings:
        """Give all that is held of a record."""
        with self._connections.reading() as db:
            return holdings(db, record_id)

    def forget(self, record_id: str) -> Forgotten:
        """Remove a record from everything, and leave a tombstone."""
        self._connections.create()
        with self._connections.writing() as db:
            gone = forgetting.forget(db, record_id)
        self._connections.empty_log()
        return gone

    def lift(self, record_id: str) -> bool:
        """Remove a tombstone; tell whether there was one."""
        if not self.path.exists():
            return False
        with self._connections.writing() as db:
            return forgetting.lift(db, record_id)

    def tombstones(self) -> Tombstones:
        """Give the tombstones with their key."""
        with self._connections.reading() as db:
            return forgetting.tombstones(db)

    def bury(self, tombstones: Tombstones) -> None:
        """Take over the tombstones of another store."""
        self._connections.create()
        with self._connections.writing() as db:
            forgetting.bury(db, tombstones)

    def prune(self, *, keep_runs: int | None = None, before: datetime | None = None) -> Pruned:
        """Remove what is old and no longer needed."""
        refuse_unbounded(keep_runs, before)
        if not self.path.exists():
            return Pruned()
        with self._connections.writing() as db:
            return pruning.prune(db, keep_runs, before)

    def check(self) -> list[str]:
        """Look for faults in what is stored."""
        with self._connections.reading() as db:
            return list(faults(db))

    def size(self) -> int:
        """Give the bytes of the file that are in use; what pruning freed is used again."""
        with self._connections.reading() as db:
            return runs.used_bytes(db) if self.path.exists() else 0

    def lanes(self) -> Iterator[StoredLane]:
        """Yield every committed lane, by seq."""
        with self._connections.reading() as db:
            yield from copying.list_lanes(db)

    def adopt(self, entry: RunEntry) -> None:
        """Take over a run of another store, without its counts."""
        self._connections.create()
        with self._connections.writing() as db:
            copying.adopt(db, entry)

    def dispose(self) -> None:
        """Close the file; a later call opens it again."""
        self._connections.dispose()
