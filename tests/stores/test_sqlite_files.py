"""A store in a file: made late, read where it may only be read, and clear when something is wrong with it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import cast

import polars as pl
import pytest

from mlsm.contracts import Reject, Selection, Store
from mlsm.errors import StoreAwayError, StoreError, StoreVersionError, UnknownNameError
from mlsm.stores import open_store
from mlsm.stores.sqlite import SqliteStore
from mlsm.stores.sqlite.failures import translated
from mlsm.testing._stores.samples import begun, commit, framed, plan_of, read, result, scored_run, values

READS: dict[str, Callable[[Store], object]] = {
    "runs": lambda store: store.runs(),
    "score": lambda store: store.score("1"),
    "scores": lambda store: list(store.scores(Selection())),
    "changes": lambda store: list(store.changes(0)),
    "history": lambda store: store.history("1"),
    "kept": lambda store: store.kept("1"),
    "seq": lambda store: store.seq(),
}


@pytest.mark.parametrize("ask", READS.values(), ids=list(READS))
def test_reading_makes_no_store(store: SqliteStore, ask: Callable[[Store], object]) -> None:
    """A store that is not there reads as an empty one, and still is not there."""
    assert not ask(store)
    assert not list(store.path.parent.iterdir())


def test_unknown_run_makes_no_store(store: SqliteStore) -> None:
    """Where there is no store there is no run, and neither asking nor writing makes one."""
    with pytest.raises(UnknownNameError, match="no runs yet"):
        store.run("0")
    with pytest.raises(StoreError, match="no such file"):
        store.close_run("0", state="finished", report={})
    assert not list(store.path.parent.iterdir())


def test_file_name_may_hold_anything(tmp_path: Path) -> None:
    """Characters that mean something in a URI are part of the name."""
    store = open_store("sqlite:///a?mode=ro&b#c%20d é.db", tmp_path)
    scored_run(store, plan_of(), [result("1", "fit@1")])
    store.dispose()
    assert ["a?mode=ro&b#c%20d é.db"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("ask", [begun, lambda store, _: store.runs()], ids=["write", "read"])
def test_missing_folder_is_told(tmp_path: Path, ask: Callable[[Store, object], object]) -> None:
    """A path into a folder that is not there is an error of its own, also for a reader."""
    store = SqliteStore(tmp_path / "nowhere" / "store.db")
    with pytest.raises(StoreError, match=r"there is no folder '.*nowhere'"):
        ask(store, plan_of())


@pytest.mark.parametrize("ask", [begun, lambda store, _: store.runs()], ids=["write", "read"])
def test_file_that_is_no_database_is_told(store: SqliteStore, ask: Callable[[Store, object], object]) -> None:
    """A file of something else is refused and left as it is."""
    store.path.write_text("lead_id,size\n" * 100)
    with pytest.raises(StoreError, match="no SQLite database"):
        ask(store, plan_of())
    assert "lead_id,size\n" * 100 == store.path.read_text()


@pytest.mark.parametrize("ask", [begun, lambda store, _: store.runs()], ids=["write", "read"])
def test_database_of_somebody_else_is_refused(store: SqliteStore, ask: Callable[[Store, object], object]) -> None:
    """A SQLite database with other tables is refused and not changed in a byte."""
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("CREATE TABLE leads (id)")
    before = store.path.read_bytes()
    with pytest.raises(StoreError, match="not of mlsm"):
        ask(store, plan_of())
    assert before == store.path.read_bytes()


@pytest.mark.parametrize("ask", [begun, lambda store, _: store.runs()], ids=["write", "read"])
def test_newer_store_is_refused(store: SqliteStore, ask: Callable[[Store, object], object]) -> None:
    """A store of a newer program is refused with what to do."""
    scored_run(store, plan_of(), [result("1", "fit@1")])
    store.dispose()
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreVersionError, match=r"version 99.*\nHint: Install"):
        ask(store, plan_of())


def test_empty_file_becomes_a_store(store: SqliteStore) -> None:
    """An empty file is no database yet: it reads as an empty store, and a run makes it one."""
    store.path.touch()
    assert [] == store.runs()
    scored_run(store, plan_of(), [result("1", "fit@1")])
    assert 1 == len(store.runs())


def test_folder_is_no_store(tmp_path: Path) -> None:
    """A path that leads to a folder is told so."""
    with pytest.raises(StoreError, match="it is a folder; expected a file"):
        SqliteStore(tmp_path).runs()


def test_locked_store_is_away(store: SqliteStore) -> None:
    """A writer waits for another's lock for so long and no longer; readers go on meanwhile."""
    scored_run(store, plan_of(), [result("1", "fit@1", 4.0)])
    hasty = SqliteStore(store.path, busy_timeout=0.05)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreAwayError, match="locked"):
            begun(hasty, plan_of())
        assert {("1", "fit@1"): 4.0} == values(hasty.score("1"))
    begun(hasty, plan_of())
    hasty.dispose()
    assert 2 == len(store.runs())


def test_write_waits_for_another_one(store: SqliteStore) -> None:
    """A lock that is let go in time is no failure."""
    run_id = begun(store, plan_of())
    with closing(sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.2, lambda: other.execute("ROLLBACK"))
        timer.start()
        commit(store, run_id, 0, [result("1", "fit@1")])
        timer.join()
    assert 1 == len(store.score("1"))


def test_store_is_used_again_after_it_was_let_go(store: SqliteStore) -> None:
    """`dispose` leaves nothing open and one file; a later call opens it again."""
    run_id = begun(store, plan_of())
    commit(store, run_id, 0, [result("1", "fit@1")])
    assert store.score("1")
    store.dispose()
    assert [store.path] == list(store.path.parent.iterdir())
    commit(store, run_id, 1, [result("2", "fit@1")])
    assert 2 == len(read(store.scores(Selection())))


def test_listing_shows_one_moment(store: SqliteStore) -> None:
    """What is committed while a listing is read is not in it."""
    run_id = begun(store, plan_of())
    commit(store, run_id, 0, [result("1", "fit@1")])
    commit(store, run_id, 1, [result("2", "fit@1")])
    listing = store.results(run_id, Selection())
    first = next(listing)
    commit(store, run_id, 2, [result("3", "fit@1")])
    store.dispose()
    assert ["1", "2"] == [one.record_id for one in read([first, *listing])]


def test_threads_write_and_read_at_once(store: SqliteStore) -> None:
    """One store serves several threads."""
    run_id = begun(store, plan_of())
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for part in range(number * 10, number * 10 + 10):
                commit(store, run_id, part, [result(f"{part}", "fit@1", float(part))])
                assert [float(part)] == [one.score for one in store.score(f"{part}")]
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failures
    assert 40 == len(read(store.scores(Selection())))


def test_failed_write_changes_nothing_and_can_be_tried_again(store: SqliteStore) -> None:
    """A part that cannot be stored leaves nothing of itself, and the store goes on."""
    run_id = begun(store, plan_of())
    nameless = Reject(source="leads.csv", row=1, reason=cast("str", None))
    with pytest.raises(StoreError, match="its tables do not take what was to be written"):
        commit(store, run_id, 0, [result("1", "fit@1"), result("2", "fit@1")], rejects=[nameless])
    twice = framed(pl.DataFrame({"record_id": ["1", "1"], "fit@1.outcome": [0, 0], "fit@1.score": [1.0, 2.0]}))
    with pytest.raises(StoreError, match="a part has a record twice"):
        store.write(run_id, 0, "active", twice, [])
    assert ([], 0) == (store.history("2"), store.run(run_id).parts_done)
    commit(store, run_id, 0, [result("1", "fit@1")])
    assert ["1"] == [one.record_id for one in read(store.scores(Selection()))]


FILLS = """
import resource, sys
from pathlib import Path
from mlsm.errors import StoreError
from mlsm.stores.sqlite import SqliteStore
from mlsm.testing._stores.samples import begun, commit, plan_of, result

store = SqliteStore(Path(sys.argv[1]))
run_id = begun(store, plan_of())
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
try:
    for part in range(100):
        commit(store, run_id, part, [result(f"{part}-{row}", "fit@1", float(row)) for row in range(500)])
        print(part, flush=True)
except StoreError as error:
    print(str(error))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    commit(store, run_id, part, [result(f"{part}-{row}", "fit@1", float(row)) for row in range(500)])
"""


def test_disk_that_takes_no_more_leaves_a_store(store: SqliteStore) -> None:
    """Where no more can be written, what was committed stays, the way out is told, and the part can be tried again."""
    process = subprocess.run([sys.executable, "-c", FILLS, store.path], capture_output=True, text=True, check=True)
    *parts, told, hint = process.stdout.splitlines()
    assert "What was committed before is safe." in told
    assert hint.startswith("Hint: ")
    assert "--resume" in hint
    assert (len(parts) + 1) * 500 == len(read(store.scores(Selection())))
    with closing(sqlite3.connect(store.path)) as db:
        assert [("ok",)] == db.execute("PRAGMA integrity_check").fetchall()


def test_full_disk_is_told(tmp_path: Path) -> None:
    """SQLite's own word for a full disk becomes a sentence with a way out."""
    path = tmp_path / "small.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA max_page_count = 2")
        db.execute("CREATE TABLE leads (id)")
        with pytest.raises(StoreError, match=r"the disk is full(.|\n)*Hint: Free some space"), translated(path):
            db.executemany("INSERT INTO leads VALUES (?)", [("x" * 3000,)] * 10)


@pytest.mark.skipif(shutil.which("unshare") is None or os.name != "posix", reason="needs Linux's unshare")
def test_store_on_a_read_only_disk_is_read(store: SqliteStore, tmp_path: Path) -> None:
    """Where nothing may be written a store is read all the same, and a run is refused with the way out."""
    scored_run(store, plan_of(), [result("1", "fit@1", 7.5)])
    store.dispose()
    program = (
        "import sys; from pathlib import Path; from mlsm.errors import StoreError\n"
        "from mlsm.stores.sqlite import SqliteStore\n"
        "from mlsm.testing._stores.samples import begun, plan_of\n"
        "store = SqliteStore(Path(sys.argv[1]))\n"
        "print(store.score('1')[0].score)\n"
        "try: begun(store, plan_of())\n"
        "except StoreError as error: print(error)\n"
    )
    mounts = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -c "$3" "$1/store.db"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounts, "sh"]
    process = subprocess.run([*command, tmp_path, sys.executable, program], capture_output=True, text=True, check=False)
    if "unshare:" in process.stderr or "mount:" in process.stderr:
        pytest.skip("may not mount here")
    score, told, hint = process.stdout.splitlines()
    assert "7.5" == score
    assert "may only be read" in told
    assert hint.startswith("Hint: Give yourself the right to write")
