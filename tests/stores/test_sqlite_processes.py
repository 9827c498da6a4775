"""Several processes use one SQLite file at once, and some of them die."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mlsm.contracts import Selection
from mlsm.stores.sqlite import SqliteStore
from mlsm.testing._stores.samples import read, values

Start = Callable[..., "subprocess.Popen[str]"]
PARTS, RECORDS = 5, 400


def go(process: subprocess.Popen[str]) -> None:
    """Let a writer that is ready go on."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def assert_sound(path: Path) -> None:
    """Assert that the file is intact and that what refers to something finds it."""
    with closing(sqlite3.connect(path)) as db:
        assert [("ok",)] == db.execute("PRAGMA integrity_check").fetchall()
        assert [] == db.execute("PRAGMA foreign_key_check").fetchall()
        orphans = "SELECT count(*) FROM result WHERE seq NOT IN (SELECT seq FROM lane)"
        assert (0,) == db.execute(orphans).fetchone()


def expected_scores(run: int, parts: int = PARTS) -> dict[tuple[str, str], float]:
    """Give the scores of all records by the active models in a run of the writers."""
    ids = map(str, range(parts * RECORDS))
    return {(record, key): run * 1000.0 + int(record) for record in ids for key in ("fit@1", "size@1")}


def test_two_write_while_one_reads(store: SqliteStore, start: Start) -> None:
    """Two processes score the same leads at once; a reader always sees every lead once a name, none going back."""
    writers = [start(4, PARTS, RECORDS) for _ in range(2)]
    for writer in writers:
        go(writer)
    seen: dict[tuple[str, str], float | None] = {}
    last_seq, listings = 0, 0
    while any(writer.poll() is None for writer in writers) or listings == 0:
        listed = values(read(store.scores(Selection())))
        assert seen.keys() <= listed.keys()
        assert all((listed[key] or 0) >= (score or 0) for key, score in seen.items())
        seen, listings = listed, listings + 1
        for seq, _ in store.changes(last_seq):
            assert seq == last_seq + 1
            last_seq = seq
    assert [0, 0] == [writer.wait() for writer in writers]
    assert expected_scores(3) == values(read(store.scores(Selection())))
    seqs = [seq for seq, _ in store.changes(0)]
    assert list(range(1, 2 * 4 * PARTS * 2 + 1)) == seqs
    assert {"finished"} == {run.state for run in store.runs()}
    assert [PARTS * RECORDS] * 8 == [run.records for run in store.runs()]
    assert_sound(store.path)


def test_many_make_the_store_at_once(store: SqliteStore, start: Start) -> None:
    """Where several processes find no store, one makes it and all use it."""
    writers = [start(1, 1, 10, wait=False) for _ in range(4)]
    for writer in writers:
        go(writer)
    assert [0] * 4 == [writer.wait() for writer in writers]
    assert [1] * 4 == [run.parts_done for run in store.runs()]
    assert_sound(store.path)


@pytest.mark.parametrize("seed", range(4))
def test_killed_writer_is_resumed(store: SqliteStore, start: Start, seed: int) -> None:
    """Killed three times, a run ends as an undisturbed one: nothing lost, twice, or written again."""
    draw = random.Random(seed)
    parts, committed = 12, []
    for kill in (True, True, True, False):
        writer = start(1, parts, RECORDS, "--resume")
        go(writer)
        assert writer.stdout is not None
        if kill:
            committed += [writer.stdout.readline() for _ in range(draw.randint(1, 3))]
            time.sleep(draw.uniform(0.0, 0.015))
            writer.kill()
        committed += writer.stdout.readlines()
        writer.wait()
        assert ("interrupted" if kill else "finished") == store.runs()[0].state
    (run,) = store.runs()
    assert (parts, parts * RECORDS) == (run.parts_done, run.records)
    assert {key: {"ok": parts * RECORDS} for key in ("fit@1", "size@1", "fit@2")} == run.counts
    assert len(committed) == len(set(committed))
    assert expected_scores(0, parts) == values(read(store.scores(Selection())))
    assert parts * RECORDS * 3 == len(values(read(store.results(run.run_id, Selection()))))
    assert_sound(store.path)


def test_run_of_a_process_that_ended_is_interrupted(store: SqliteStore, start: Start) -> None:
    """A run is open while its process runs, and interrupted once that is gone without a word."""
    writer = start(1, 1, 1, "--stop", "opened")
    assert ["open"] == [run.state for run in store.runs()]
    go(writer)
    writer.wait()
    assert ["interrupted"] == [run.state for run in store.runs()]


def test_store_is_whole_without_its_log_once_closed(store: SqliteStore, start: Start, tmp_path: Path) -> None:
    """A file that is copied while nobody has it open is all there is."""
    writer = start(1, 1, 50)
    go(writer)
    assert 0 == writer.wait()
    copied = tmp_path / "copied.db"
    copied.write_bytes(store.path.read_bytes())
    copy = SqliteStore(copied)
    assert 100 == len(read(copy.scores(Selection())))
    copy.dispose()


def test_log_of_a_dead_writer_is_read(store: SqliteStore, start: Start) -> None:
    """What was committed before a process died is there for a reader, though nobody closed the file."""
    writer = start(1, 1, 50, "--stop", "closed")
    go(writer)
    writer.wait()
    assert store.path.with_name("store.db-wal").stat().st_size > 0
    assert 100 == len(read(store.scores(Selection())))
