"""What is forgotten is not in the file any more, nor in its log; older stores learn to forget."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from mlsm.contracts import Reject, Selection
from mlsm.errors import StoreAwayError
from mlsm.stores.sqlite import SqliteStore
from mlsm.stores.sqlite.schema import MIGRATIONS, migrate
from mlsm.testing._stores.samples import begun, commit, day, plan_of, result, scored_run

IDS = [f"lead-{number:07d}-{number * 7919 % 10007}" for number in range(3_000)]


def bytes_of(path: Path) -> bytes:
    """Read the file and its log as they lie on the disk."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def filled(path: Path) -> SqliteStore:
    """Store runs whose ids come in no order, with all that may hold an id."""
    store = SqliteStore(path)
    ids = list(IDS)
    for clock in range(3):
        random.Random(clock).shuffle(ids)
        run_id = begun(store, plan_of(as_of=day(clock)))
        for part in range(3):
            own = ids[part * 1_000 : part * 1_000 + 1_000]
            commit(
                store, run_id, part, [result(one, "fit@1", 1.0, label=f"says {one}") for one in own],
                as_of=day(clock), kept={"mail": [f"{one}@example.com" for one in own]},
                inputs=pl.DataFrame({"record_id": own, "mail": [f"{one}@example.com" for one in own]}),
                rejects=[Reject(source="leads.csv", row=1, record_id=one, reason="Twice.") for one in own[:50]],
            )  # fmt: skip
    return store


def test_nothing_of_who_was_forgotten_is_in_the_file(tmp_path: Path) -> None:
    """Neither the file nor its log holds a byte of a forgotten id; the log is empty."""
    path = tmp_path / "leads.db"
    store = filled(path)
    gone = random.Random(5).sample(IDS, 12)
    assert all(one.encode() in bytes_of(path) for one in gone)
    for one in gone:
        store.forget(one)
        assert 0 == path.with_name("leads.db-wal").stat().st_size
    there = bytes_of(path)
    assert [] == [one for one in gone if one.encode() in there]
    assert [] == store.check()
    assert 2_988 == sum(frame.height for frame in store.scores(Selection()))


def test_a_reader_that_holds_the_log_is_told(tmp_path: Path) -> None:
    """While another process reads an older state, what was removed is still there: that is said."""
    path = tmp_path / "leads.db"
    store = SqliteStore(path, busy_timeout=0.1)
    scored_run(store, plan_of(), [result("1", "fit@1")])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM result").fetchone()
        with pytest.raises(StoreAwayError, match="still in its write-ahead log"):
            store.forget("1")
    store.forget("1")
    assert 0 == path.with_name("leads.db-wal").stat().st_size
    assert [] == store.history("1")


def test_a_store_of_version_1_learns_to_forget(tmp_path: Path) -> None:
    """A store from before is brought up to date when it is opened, and keeps what it has."""
    path = tmp_path / "leads.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, MIGRATIONS[:1])
    store = SqliteStore(path)
    assert ([], frozenset()) == (store.check(), store.tombstones().marks)
    scored_run(store, plan_of(), [result("1", "fit@1")])
    assert 1 == store.forget("1").results


def test_pruning_gives_room_back_to_later_runs(tmp_path: Path) -> None:
    """A store that prunes after each run stays about as large as it was."""
    store = SqliteStore(tmp_path / "leads.db")
    sizes = []
    for clock in range(8):
        scored_run(store, plan_of(as_of=day(clock)), [result(one, "fit@1", label="some label") for one in IDS])
        store.prune(keep_runs=2)
        sizes.append(store.path.stat().st_size + store.path.with_name("leads.db-wal").stat().st_size)
    used = store.size()
    scored_run(store, plan_of(as_of=day(9)), [result(one, "fit@1", label="some label") for one in IDS])
    assert store.size() > used
    store.prune(keep_runs=2)
    assert abs(store.size() - used) < used * 0.1


@pytest.mark.parametrize("runs", [1, 40])
def test_look_ups_stay_quick(tmp_path: Path, runs: int) -> None:
    """The score and what is current of one lead take far below two milliseconds, over one run or many."""
    store = SqliteStore(tmp_path / "leads.db")
    leads = 120_000 // runs
    for clock in range(runs):
        scored_run(store, plan_of(as_of=day(clock)), [result(str(one), "fit@1") for one in range(leads)])
    asked = [str(one) for one in random.Random(1).sample(range(leads), 200)]
    for ask in (store.score, store.current):
        took = []
        for record_id in asked:
            began = time.process_time()
            assert 1 == len(ask(record_id))
            took.append(time.process_time() - began)
        assert sorted(took)[100] < 0.002
