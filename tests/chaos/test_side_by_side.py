"""Several processes at one store: each finds its results right, and a reader never sees a lead lose its score."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlsm.contracts import Selection


class Watcher:
    """Reads every score again and again while others write."""

    def __init__(self, play: Any) -> None:
        self._store = play.open()
        self._seen = pl.DataFrame(schema={"record_id": pl.String, "model": pl.String})
        self.readings = 0
        self.growth = 0

    def read(self) -> None:
        """Read once: there is one score for a lead and a name, and none that was there is gone."""
        scores = pl.concat([*self._store.scores(Selection()), pl.DataFrame(schema=self._seen.schema)], how="diagonal")
        found = scores.select("record_id", "model")
        assert not found.is_duplicated().any()
        assert self._seen.join(found, on=["record_id", "model"], how="anti").is_empty()
        self.readings += 1
        self.growth += found.height > self._seen.height
        self._seen = found

    def watch(self, processes: list[Any]) -> None:
        """Read until all processes have ended, and once more."""
        try:
            while any(process.poll() is None for process in processes):
                self.read()
                time.sleep(0.02)  # the runs need the machine, too
            self.read()
        finally:
            self._store.dispose()


def test_two_runs_share_a_store(play: Any, reference: Any) -> None:
    """Runs over different inputs both finish with the right results; of a lead in both, the later lane is its score."""
    shutil.copy(play.folder / "leads.csv", play.folder / "others.csv")
    lines = (play.folder / "others.csv").read_text().splitlines()
    others = [lines[0], *reversed(lines[1 : len(lines) // 2]), *(line + "1" for line in lines[len(lines) // 2 :])]
    (play.folder / "others.csv").write_text("\n".join(others) + "\n")
    inputs = ["leads.csv", "others.csv"]
    with ThreadPoolExecutor() as pool, ExitStack() as stack:
        starts = [play.start(name, *play.command[1:-2], calls=f"calls of {name}") for name in inputs]
        processes = [stack.enter_context(process) for process in starts]
        told = [pool.submit(process.communicate, timeout=120) for process in processes]
        watcher = Watcher(play)
        watcher.watch(processes)
        for process, one in zip(processes, told, strict=True):
            assert 0 == process.returncode, one.result()[1]
    assert watcher.growth > 2
    assert {("leads.csv", "finished"), ("others.csv", "finished")} == {
        (run.plan.inputs[0].source, run.state) for run in play.runs()
    }
    check_runs(play, reference)


def check_runs(play: Any, reference: Any) -> None:
    """Assert that both runs have all results, and that the scores follow from the lanes in the order of seq."""
    store = play.open()
    try:
        runs = {run.plan.inputs[0].source: run for run in store.runs()}
        assert reference.content.counts == runs["leads.csv"].counts
        own = [play.comparable(frame) for frame in store.results(runs["leads.csv"].run_id, Selection())]
        order = ["record_id", "model", "version"]
        for expected, actual in zip(reference.content.parts, own, strict=True):
            assert expected.sort(order).equals(actual.sort(order))
        lanes = [frame.with_columns(pl.lit(seq).alias("seq")) for seq, frame in store.changes(0)]
        assert 2 * 2 * 16 == len(lanes)
        newest = (
            pl.concat(lanes)
            .filter(pl.col("status") == "active")
            .sort("as_of", "seq")
            .unique(["record_id", "model"], keep="last")
            .drop("seq")
            .sort("record_id", "model")
        )
        assert newest.equals(pl.concat(store.scores(Selection())).sort("record_id", "model"))
    finally:
        store.dispose()


@pytest.mark.parametrize("kept", [True, False], ids=["after some parts", "from the beginning"])
def test_two_resume_one_run(kept: bool, play: Any, reference: Any) -> None:
    """Two processes that resume the same run both end well, and no lane is there twice."""
    with play.start(*play.command[:-2]) as process:
        noted = play.noted()
        assert play.wait_for(lambda: len(play.done()) > 4 if kept else noted() > 0, process)
        process.kill()
        process.communicate()
    with ThreadPoolExecutor() as pool, ExitStack() as stack:
        starts = [play.start(*play.command[:-2], "--resume", calls=f"calls {n}", gate="gate") for n in range(2)]
        processes = [stack.enter_context(process) for process in starts]
        assert play.wait_for(lambda: {process.pid for process in processes} <= play.owners(), processes[0])
        (play.folder / "gate").touch()
        told = [pool.submit(process.communicate, timeout=120) for process in processes]
        Watcher(play).watch(processes)
        for process, one in zip(processes, told, strict=True):
            assert 0 == process.returncode, one.result()[1]
    assert ["finished"] == [run.state for run in play.runs()]
    reference.content.check_same(play.content())
    for one in told:
        summary = json.loads(one.result()[0])
        for name in ("records", "rejected", "parts", "counts", "rejects", "degraded"):
            assert reference.told[name] == summary[name]


def test_an_export_beside_a_run_is_whole(play: Any) -> None:
    """Files that `mlsm export` writes while leads are scored never lose a score that an earlier one had."""
    assert 0 == play.score().returncode
    expected = None
    with play.start(*play.command[:-2], calls="later calls") as process:
        count = 0
        while process.poll() is None or count < 2:
            done = play.run(f"export {count}.csv", command="export")
            assert 0 == done.returncode, done.stderr
            exported = ids(play.folder / f"export {count}.csv")
            assert expected in (None, exported)
            expected = exported
            count += 1
        process.communicate()
    assert (0, True) == (process.returncode, bool(expected))


def ids(path: Path) -> list[tuple[str, str]]:
    """Give whose scores a file has, and of which model."""
    return sorted(pl.read_csv(path, infer_schema=False).select("record_id", "model").iter_rows())
