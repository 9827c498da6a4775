"""A store that cannot be written or read is told in a sentence with the way out; nothing is lost for it."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlsm._batch import Batch
from mlsm.errors import StoreAwayError
from mlsm.service import run
from mlsm.stores.sqlite import SqliteStore

_PR_CAPBSET_DROP = 24
_RIGHTS_OF_ROOT = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: with them file modes mean nothing."""


@pytest.mark.parametrize("size", [8_192, 600_000])
def test_a_full_disk_stops_a_run_that_goes_on_later(size: int, play: Any, reference: Any) -> None:
    """Files that may not grow on end the run with 1 and the way out; with room it comes to the same end."""

    def without_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    arguments = play.command[:-2]
    done = play.run(*arguments, preexec_fn=without_room, calls="first calls")
    check_told(done, f"the store '{play.database}'", "What was committed before is safe.", "again with --resume.")
    committed = play.done()
    assert (size > 100_000) == bool(committed)
    assert all(run.state == "interrupted" for run in play.runs())
    done = play.run(*arguments, "--resume")
    assert 0 == done.returncode, done.stderr
    assert set() == play.lanes() & committed
    reference.content.check_same(play.content())


def can_mount() -> bool:
    """Tell whether this process may mount a file system of its own."""
    asked = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return (
        shutil.which("unshare") is not None and subprocess.run(asked, capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not can_mount(), reason="this process may not mount a file system")
def test_a_disk_without_room_stops_a_run_that_goes_on_later(play: Any, reference: Any) -> None:
    """On a disk of two megabytes, log and output beside it, the run ends with 1; with more room it goes on."""
    script = f"""
        mkdir small && mount -t tmpfs -o size=2m none small && cp -r leads.csv mlsm.toml models small && cd small
        {sys.executable} -m mlsm score {" ".join(play.command)}; echo $? > ../code
        test -e out.parquet; echo $? > ../out; cp mlsm.db* ..
        mount -o remount,size=50m . && {sys.executable} -m mlsm score {" ".join(play.command)} --resume > ../told
        echo $? > ../later; rm -f ../mlsm.db*; cp mlsm.db out.parquet ..
    """
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        cwd=play.folder,
        env=os.environ | {"CALLS": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ["1", "1", "0"] == [(play.folder / name).read_text().strip() for name in ("code", "out", "later")], (
        done.stderr
    )
    assert ("", False) == (done.stdout, "Traceback" in done.stderr)
    assert "the disk is full" in done.stderr or "No space left on device" in done.stderr
    reference.content.check_same(play.content())
    assert reference.out.equals(play.out())


def test_an_output_without_room_is_not_left_half(play: Any) -> None:
    """A file besides the store that may not grow on ends the run with 1, and nothing bears its name."""

    def without_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))

    for name in ("out.csv", "out.parquet"):
        done = play.run(*play.command[:-1], name, "--no-store", preexec_fn=without_room, calls=os.devnull)
        check_told(done, f"Output '{name}' cannot be written", "Hint:")
    assert [] == [path.name for path in play.folder.iterdir() if "out." in path.name]


def without_rights() -> None:
    """Let file modes hold for root, too."""
    for right in _RIGHTS_OF_ROOT:
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, right, 0, 0, 0)


def read_only_file(play: Any) -> None:
    """Let the store's file only be read."""
    play.database.chmod(0o444)


def read_only_folder(play: Any) -> None:
    """Let the store's folder only be read."""
    play.database.parent.chmod(0o555)


def newer_store(play: Any) -> None:
    """Say in the store's file that a later mlsm wrote it."""
    with closing(sqlite3.connect(play.database)) as db:
        db.execute("PRAGMA user_version = 999")


def no_database(play: Any) -> None:
    """Put something else in the store's place."""
    play.database.write_bytes(b"not at all a database\n" * 200)


def others_database(play: Any) -> None:
    """Put the database of another program in the store's place."""
    play.database.unlink()
    with closing(sqlite3.connect(play.database)) as db:
        db.execute("CREATE TABLE invoice (number INTEGER)")


def folder_in_its_place(play: Any) -> None:
    """Make a folder where the store's file should be."""
    play.database.unlink()
    play.database.mkdir()


def folder_gone(play: Any) -> None:
    """Take the store's folder away."""
    shutil.rmtree(play.database.parent)


TROUBLES: dict[str, tuple[Callable[[Any], None], str]] = {
    "a newer store": (newer_store, "has version 999; this mlsm reads versions up to "),
    "no database": (no_database, "it is no SQLite database, or a damaged one."),
    "another program's database": (others_database, "is a SQLite database, but not of mlsm"),
    "a folder": (folder_in_its_place, "expected a file"),
    "no folder": (folder_gone, "there is no folder"),
}


@pytest.fixture(scope="module")
def scored_once(make_play: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Score a few leads into a store in a folder of its own."""
    play = make_play(tmp_path_factory.mktemp("scored") / "project", leads=100)
    (play.folder / "kept").mkdir()
    play = replace(play, database=play.folder / "kept" / "mlsm.db")
    assert 0 == play.run(*play.command[:-2], "--store", f"sqlite:///{play.database}").returncode
    return play


@pytest.fixture
def scored(scored_once: Any, tmp_path: Path) -> Any:
    """Give a copy of that project."""
    play = scored_once.at(Path(shutil.copytree(scored_once.folder, tmp_path / "project")))
    return replace(play, database=play.folder / "kept" / "mlsm.db")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_store_that_cannot_be_used_is_told(trouble: str, scored: Any) -> None:
    """Before anything is scored, a command says in a sentence what is the matter with the store, and how to mend it."""
    change, said = TROUBLES[trouble]
    change(scored)
    done = scored.here(*scored.command[:-2], "--store", f"sqlite:///{scored.database}", "--log", "the.log")
    check_told(done, said, str(scored.database), "Hint: ")
    assert "part done" not in (scored.folder / "the.log").read_text()


@pytest.mark.parametrize("change", [read_only_file, read_only_folder], ids=["file", "folder"])
def test_a_store_that_may_only_be_read_is_read(change: Callable[[Any], None], scored: Any) -> None:
    """Where there is no right to write, scoring is refused, and what is stored is shown as ever."""
    before = scored.database.read_bytes()
    change(scored)
    store = ("--store", f"sqlite:///{scored.database}")
    done = scored.run(*scored.command[:-2], *store, preexec_fn=without_rights, calls="later calls")
    check_told(done, "may only be read", str(scored.database), "Hint: ")
    assert (0, before) == (scored.calls("later calls").total(), scored.database.read_bytes())
    listed = scored.run(*store, command="runs", preexec_fn=without_rights)
    assert (0, True) == (listed.returncode, "finished" in listed.stdout), listed.stderr
    scored.database.parent.chmod(0o755)


def test_a_lock_that_lasts_stops_a_run_that_goes_on_later(play: Any, reference: Any) -> None:
    """A store that another process keeps locked is waited for, then the run ends; later it goes on."""
    play = play.at(play.folder)
    store = SqliteStore(play.database, busy_timeout=0.2)
    with chdir(play.folder), closing(sqlite3.connect(play.database, isolation_level=None)) as other:

        def lock(batch: Batch) -> None:
            if batch.part == 5:
                other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreAwayError, match=r"another process kept it locked for too long\.") as caught:
            run(play.job(), store=store, on_batch=lock)
    store.dispose()
    assert "Wait until the other process is done" in str(caught.value)
    committed = play.done()
    assert 0 < len(committed) <= 12
    # This process still runs, yet has ended the run; with the lock it could not even note that.
    assert [("open", True)] == [(run.state, run.finished_at is None) for run in play.runs()]
    done = play.score("--resume")
    assert 0 == done.returncode, done.stderr
    assert set() == play.lanes() & committed
    reference.content.check_same(play.content())


@pytest.mark.chaos
def test_a_locked_store_is_told(play: Any) -> None:
    """A command waits half a minute for a locked store, then says so."""
    assert 0 == play.score().returncode
    with closing(sqlite3.connect(play.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        check_told(play.score(), "another process kept it locked for too long.", "Hint: Wait until")
    assert ["finished"] == [run.state for run in play.runs()]


def check_told(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """Assert that a command ended with 1, nothing on stdout, and sentences without a traceback."""
    assert (1, "") == (done.returncode, done.stdout), done.stderr
    assert (True, False) == (all(part in done.stderr for part in parts), "Traceback" in done.stderr), done.stderr
    assert len(done.stderr.splitlines()) < 6
