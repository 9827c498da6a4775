"""Where runs and results are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlsm._batch import Batch
from mlsm._result import Result
from mlsm._typing import Lane
from mlsm.contracts.inputs import Reject
from mlsm.contracts.keeping import Forgotten, Holdings, Pruned, StoredLane, Tombstones
from mlsm.contracts.runs import OpenRun, RunEntry, RunPlan, Selection

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "PATIENCE_SECONDS",
    "Opener",
    "Store",
]


class Store(Protocol):
    """Where runs and results are kept, append-only, with history.

    Frames of results have the columns of `mlsm._batch.long_schema`, then the kept columns
    as one text column `kept` (a JSON object, null where none). Everything raised is a
    `StoreError` or an `UnknownNameError`.

    A part's number is whatever the caller says: a run that stays open may write parts beyond
    those of its plan, a record may come in several of them, and a draft lane may have a
    number that no active lane has. What is pruned or forgotten leaves its lane in place, so
    that no seq is given again and a resumed run does not score the part again.
    """

    url: str

    def open_run(self, plan: RunPlan, *, resume: bool = False) -> OpenRun:
        """Begin a run, or take up the newest unfinished one.

        Where `resume` is true and nothing is unfinished, a run begins. A run that is taken up has no
        report until it is closed again: where its process dies, none tells of an end that was no end.

        Raises:
            PlanChangedError: the unfinished run was opened with another plan.
            DigestChangedError: a version stored as active has another digest now.
        """

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        """Commit one lane of a part, or change nothing and return False if it is there.

        The part's rejects, kept columns and inputs go with the first lane that is written. Where
        the frame has the column `KEPT_OBJECT`, its texts are the kept columns as one JSON object.

        Records that have a tombstone are left out, with their kept columns, inputs and rejects;
        this is looked at within the write's own transaction (a store without transactions looks
        again after its note of the lane, and removes), so that a person who is forgotten
        meanwhile does not come back. Those left out of a part's first lane are added to the
        run's `forgotten`. A lane of which nothing is left is committed all the same.
        """

    def close_run(self, run_id: str, *, state: str, report: Mapping[str, Any]) -> None:
        """Note how the run ended: `finished` or `interrupted`; the report says nothing of single records."""

    def runs(self) -> list[RunEntry]:
        """List the runs, newest first."""

    def run(self, run_id: str) -> RunEntry:
        """Give one run, by its id or the beginning of it."""

    def score(self, record_id: str) -> list[Result]:
        """Give the score of a record: one result a model name, by name."""

    def current(self, record_id: str) -> list[Result]:
        """Give the current result of each model version for a record."""

    def history(self, record_id: str) -> list[Result]:
        """Give every committed result of a record, newest first, those of trials too."""

    def kept(self, record_id: str) -> dict[str, Any]:
        """Give the kept columns of a record as they came last."""

    def scores(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the score of every record."""

    def currents(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the current result of every record and model version."""

    def results(self, run_id: str, selection: Selection, *, part: int | None = None) -> Iterator[pl.DataFrame]:
        """Yield the results of one run, part by part; of one part alone where it is named."""

    def changes(self, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield (seq, results) of every live lane committed after `after`, by seq."""

    def seq(self, run_id: str | None = None) -> int:
        """Give the greatest seq (of a run), 0 where nothing is committed."""

    def rejects(self, run_id: str) -> Iterator[Reject]:
        """Yield the rejects of a run, in the order of its input."""

    def inputs(self, run_id: str, *, record_id: str | None = None) -> Iterator[pl.DataFrame]:
        """Yield the kept inputs of a run, part by part; of one record its rows alone, no empty frames."""

    def top(self, model: str, n: int) -> list[Result]:
        """Give the n best results of a model, the best first, of equal ones by id.

        Ids are ordered by their code points. A failed, stale or missing score is never among
        the best: only results of outcome `ok` with a score that is not null count.

        Args:
            model: a name, for the score; or a key (`name@version`), for what is current of it.
            n: how many; fewer where there are no more.
        """

    def last_good(self, names: Sequence[str], record_ids: Sequence[str]) -> pl.DataFrame:
        """Give what may stand in for a failed score: the last good one of each record and name.

        That is, among committed live results of outcome `ok` whose status was active, the one
        with the greatest (`as_of`, seq); of two in one lane the later in the catalog. A score
        that is null is good: the model said so. Records and names without one have no row.

        Args:
            names: names of models, whatever the version.
            record_ids: up to a part's records; unknown ones are no error.

        Returns:
            The columns of `last_good_schema`, in no order.
        """

    def held(self, record_id: str) -> Holdings:
        """Give all that is held of a record, in results, kept columns, inputs and rejects."""

    def forget(self, record_id: str) -> Forgotten:
        """Remove a record from everything, and leave a tombstone; again, it changes nothing.

        Gone are its results (of trials too), kept columns, rows of kept inputs (their blocks
        are written anew), rejects with its id, what points to them, and its id itself. Counts
        of runs become what is left: `records`, `rejects` and `counts` go down, and `forgotten`
        goes up by one a part that had a row of it. A tombstone is left where nothing was held,
        too. All is one transaction; a store without transactions writes the tombstone first.
        """

    def lift(self, record_id: str) -> bool:
        """Remove a tombstone, so that the record may be scored again; tell whether there was one."""

    def tombstones(self) -> Tombstones:
        """Give the tombstones with their key; an empty key where there never was one."""

    def bury(self, tombstones: Tombstones) -> None:
        """Take over the tombstones of another store, before its lanes are copied.

        Raises:
            StoreError: this store has tombstones under another key.
        """

    def prune(self, *, keep_runs: int | None = None, before: datetime | None = None) -> Pruned:
        """Remove what is old and no longer needed; no answer of now changes.

        `scores`, `currents`, `score`, `current`, `top` and `last_good` say the same before and
        after. A part is old where it does not belong to one of the newest `keep_runs` runs, and
        where its first lane was scored (`scored_at`) before `before`; of the two conditions
        those that are given must hold. Parts of an unfinished run that reads inputs are never
        old, since it may be resumed.

        Of an old part, all is removed that it holds of a record (both lanes' results, its kept
        columns, its row of inputs), unless one of these results is current, or a score, or what
        `last_good` gives; then all of it stays. All its rejects are removed. Runs and lanes
        stay: `counts` and `rejects` tell what once was, `pruned` how many of these (results
        and rejects together) are gone.

        Raises:
            StoreError: neither condition is given, or `keep_runs` is below 1.
        """

    def check(self) -> list[str]:
        """Look for faults in what is stored: a sentence each, none where all is well.

        - Counts add up: of a run, `counts` and `rejects` together are the stored results and
          rejects and `pruned`; without pruning each count is what is stored; `parts_done` and
          `records` are those of its parts.
        - There is no orphan: a result, kept column, input, reject or pointer of a lane, record
          or run that is not there.
        - Nothing is current twice, and nothing that a newer result replaces.
        - Nobody who has a tombstone has anything else.
        """

    def size(self) -> int:
        """Give the bytes that the store takes, 0 where there is none yet."""

    def lanes(self) -> Iterator[StoredLane]:
        """Yield every committed lane, those of trials too, by seq: what a copy is made of."""

    def adopt(self, entry: RunEntry) -> None:
        """Take over a run of another store: its id, plan, times, state and report, and no counts.

        Its lanes are written afterwards, by `write`, and counted as they come: what was pruned
        before is not counted again. Runs must come oldest first. One that is there already,
        with the same plan, stays as it is, so that a copy may be taken up again. Nobody holds an
        adopted run open: where the entry is `open`, it shows as `interrupted`.

        Raises:
            StoreError: a run with this id is there with another plan.
        """

    def dispose(self) -> None:
        """Let go of the connection."""


PATIENCE_SECONDS = 30.0
"""Seconds for which a server that went away is waited for, unless said otherwise."""


class Opener(Protocol):
    """What the module of a store offers: `open_store`."""

    def __call__(self, url: str, folder: Path, *, patience: float) -> Store:
        """Open the store of a URL.

        Args:
            url: the store's URL.
            folder: what a relative path starts from.
            patience: seconds for which a server that went away is waited for.
        """


"""How a store is opened: its URL, and the folder that a relative path starts from."""
