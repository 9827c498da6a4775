"""What a run into a server's store came to, held against the undisturbed one; for every kind of server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from mlsm.contracts import Selection
from mlsm.stores import open_store

__all__ = ["begun", "check_whole", "runs_of"]


def check_whole(url: str, reference: Any, play: Any, runs: int = 1) -> None:
    """Assert that the store is sound, and says what the store of an undisturbed run says."""
    store = open_store(url, Path())
    try:
        assert [] == store.check()
        entries = store.runs()
        assert runs == len(entries)
        for entry in entries:
            expected = reference.content
            assert ("finished", expected.counts) == (entry.state, entry.counts)
            assert expected.totals == (entry.parts_done, entry.records, entry.rejects)
            assert expected.rejects == list(store.rejects(entry.run_id))
            parts = [play.comparable(frame) for frame in store.results(entry.run_id, Selection())]
            assert len(expected.parts) == len(parts)
            assert all(one.equals(other) for one, other in zip(expected.parts, parts, strict=True))
        for expected, frames in (
            (reference.content.scores, store.scores(Selection())),
            (reference.content.currents, store.currents(Selection())),
        ):
            order = ["record_id", "model", "version"]
            assert expected.sort(order).equals(play.comparable(pl.concat(frames)).sort(order))
    finally:
        store.dispose()


def begun(play: Any, url: str, reference: Any, share: float, calls: str) -> Any:
    """Begin or resume a run, and wait until it has made a share of the calls."""
    # Without workers, who would take it up where its process died, calls tell how far the run is.
    process = play.start(*play.command, "--resume", "--workers", "0", "--store", url, calls=calls)
    noted = play.noted(calls)
    play.wait_for(lambda: noted() >= 1 + int(share * sum(reference.calls.values())), process)
    return process


def runs_of(url: str) -> list[Any]:
    """List the runs of a store."""
    store = open_store(url, Path())
    try:
        return store.runs()
    finally:
        store.dispose()
