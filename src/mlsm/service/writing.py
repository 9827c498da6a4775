"""Results are written in a thread beside the scoring: the store first, then the outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from mlsm._batch import KEPT, Batch, kept_titles, widen
from mlsm._typing import LANES
from mlsm.contracts import OpenRun, Reject, Selection, Store
from mlsm.service.ending import end_pool
from mlsm.service.request import Output

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Sink", "unfold_kept"]

_AHEAD_MAX = 3
"""Parts that may wait to be written: scoring must not run away from a slow disk, nor stand still for one long write."""


class Sink:
    """Takes scored parts in order and writes them, one at a time, in one thread.

    Args:
        store: where results are kept, None for nowhere.
        outputs: where results go besides.
        opened: the store's run.
        keep: names of the kept columns.
        on_batch: handed each part in the caller's thread.
    """

    def __init__(
        self,
        store: Store | None,
        outputs: Sequence[Output],
        opened: OpenRun | None,
        *,
        keep: tuple[str, ...] = (),
        on_batch: Callable[[Batch], None] | None = None,
    ) -> None:
        self._store = store
        self._outputs = outputs
        self._opened = opened
        self._keep = keep
        self._on_batch = on_batch
        self._threaded = store is not None or bool(outputs)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mlsm-writer")
        self._waiting: list[Future[None]] = []
        self._failed = False

    @property
    def run_id(self) -> str | None:
        """Give the store's run."""
        return None if self._opened is None else self._opened.run_id

    @property
    def as_of(self) -> datetime | None:
        """Give the clock of the store's run: a resumed one keeps its own."""
        return None if self._opened is None else self._opened.as_of

    def write(self, batch: Batch, rejects: tuple[Reject, ...]) -> None:
        """Take a part; wait where two are waiting already.

        Raises:
            StoreError: an earlier part could not be written.
        """
        if self._on_batch is not None:
            self._on_batch(batch)
        if not self._threaded:
            return
        while len(self._waiting) >= _AHEAD_MAX:
            self._see_first()
        self._waiting.append(self._pool.submit(self._write, batch, rejects))

    def finish(self) -> None:
        """Wait until all is written, and make the outputs appear."""
        while self._waiting:
            self._see_first()
        self._pool.shutdown()
        if self._outputs and self._opened is not None and self._opened.resumed:
            self._write_stored()
        for output in self._outputs:
            output.writer.close()

    def abandon(self) -> None:
        """Let the part at hand be written, forget those that wait, leave no half outputs."""
        try:
            end_pool(self._pool, self._waiting)
        finally:  # a second interrupt ends the waiting
            for output in self._outputs:
                output.writer.abort()

    def _see_first(self) -> None:
        self._waiting[0].result()
        del self._waiting[0]  # not before: who is interrupted must still know of the part at hand

    def _write(self, batch: Batch, rejects: tuple[Reject, ...]) -> None:
        if self._failed:  # the parts behind one that failed: a store that is away is not asked for each
            return
        self._failed = True
        self._write_part(batch, rejects)
        self._failed = False

    def _write_part(self, batch: Batch, rejects: tuple[Reject, ...]) -> None:
        if self._store is not None and self._opened is not None:
            scored = {model.lane for model in batch.models}
            for lane in (lane for lane in LANES if lane in scored):
                self._store.write(self._opened.run_id, batch.part, lane, batch.lane(lane), rejects)
        if self._opened is not None and self._opened.resumed:
            return  # outputs come from the store in the end, the parts of the first try with them
        for output in self._outputs:
            output.writer.write(batch.part, batch.wide() if output.wide else with_kept(batch))

    def _write_stored(self) -> None:
        if self._store is None or self._opened is None:
            return
        for part, frame in enumerate(self._store.results(self._opened.run_id, Selection())):
            for output in self._outputs:
                shown = widen(frame) if output.wide else frame
                output.writer.write(part, unfold_kept(shown, self._keep))


def with_kept(batch: Batch) -> pl.DataFrame:
    """Give a part's results in long form with the kept columns behind them."""
    import polars as pl

    long = batch.long()
    kept = [name.removeprefix(KEPT) for name in batch.frame.columns if name.startswith(KEPT)]
    if not kept:
        return long
    shown = [pl.col(KEPT + name).alias(title) for name, title in kept_titles(kept, long.columns).items()]
    return long.join(batch.frame.select("record_id", *shown), on="record_id", how="left", maintain_order="left")


def unfold_kept(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Turn a store's text column `kept` (a JSON object) into a text column a name, in its place."""
    import polars as pl

    if "kept" not in frame.columns:
        return frame
    place = frame.columns.index("kept")
    others = frame.drop("kept").get_columns()
    members = pl.Struct(dict.fromkeys(names, pl.String))
    texts = frame.get_column("kept").fill_null("{}")
    opened = texts.str.json_decode(members).struct.unnest().get_columns() if names else []
    titles = kept_titles([column.name for column in opened], [column.name for column in others])
    shown = [column.alias(titles[column.name]) for column in opened]
    return pl.DataFrame([*others[:place], *shown, *others[place:]])
