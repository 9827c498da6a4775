"""A project whose models note every call in a file that survives whatever becomes of the process."""

from __future__ import annotations

import io
import itertools
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import chdir, closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlsm.cli import main
from mlsm.contracts import RunEntry, Selection
from mlsm.project import load_project
from mlsm.readers import open_reader
from mlsm.service import Job
from mlsm.stores import open_store
from mlsm.stores.sqlite import SqliteStore

PART_ROWS = 75
LEADS = 1_200
FIRST = 5_000_000
"""The first lead's number; records that are made up to try a batch model have none that is near."""

MANIFEST = f"""\
[project]
name = "chaos"

[record]
id = "lead_id"
keep = ["email"]

[store]
inputs = "keep"

[run]
part_rows = {PART_ROWS}
max_failed = 0.5

[models]
paths = ["models"]
"""

MODELS = Path(__file__).with_name("models.py.template")

_NUMBERS = itertools.count()


Calls = Counter[tuple[str, int]]
"""How often a model (its key) was called with the lead in a row (from 0)."""

_CALL = re.compile(rb"^(\S+) (5\d{6})\n", re.MULTILINE)


def leads_text(count: int, seed: int = 0) -> str:
    """Write leads as CSV: good ones, some that fit no field, some without an id or with one met before."""
    random_ = random.Random(seed)
    lines = ["lead_id,number,email,employees,country,since,visits"]
    for number in range(count):
        draw = random_.random()
        lead_id = "" if draw < 0.01 else f"{random_.randrange(number or 1):06}" if draw < 0.02 else f"{number:06}"
        employees = random_.choice(["many", "-3", "", *[str(random_.randrange(900)) for _ in range(30)]])
        country = random_.choice(["XX", "ZZ", "", *["DE"] * 20, *["FR"] * 20])
        since = f"20{random_.randrange(10, 26)}-{random_.randrange(1, 13):02}-{random_.randrange(1, 29):02}"
        visits = random_.choice(["", *[str(random_.randrange(400) / 8) for _ in range(20)]])
        lines.append(f"{lead_id},{FIRST + number},lead{number}@example.com,{employees},{country},{since},{visits}")
    return "\n".join([*lines, ""])


@dataclass(frozen=True, kw_only=True)
class Content:
    """All that a store says of one run but ids of runs and times of day."""

    parts: list[pl.DataFrame]
    counts: dict[str, dict[str, int]]
    totals: tuple[int, int, int]
    rejects: list[Any]
    inputs: list[pl.DataFrame]
    scores: pl.DataFrame
    currents: pl.DataFrame
    state: str

    def check_same(self, other: Content) -> None:
        """Assert that another run came to the same, to the last bit."""
        assert (self.counts, self.totals, self.state) == (other.counts, other.totals, other.state)
        assert self.rejects == other.rejects
        assert len(self.parts) == len(other.parts)
        for one, two in zip(self.parts, other.parts, strict=True):
            assert one.equals(two)
        assert len(self.inputs) == len(other.inputs)
        for one, two in zip(self.inputs, other.inputs, strict=True):
            assert one.equals(two)
        assert self.scores.equals(other.scores)
        assert self.currents.equals(other.currents)


@dataclass(frozen=True, kw_only=True)
class Play:
    """A project in a folder, scored by processes that may be killed."""

    folder: Path
    database: Path
    part_rows: int = PART_ROWS
    leads: int = LEADS

    def at(self, folder: Path) -> Play:
        """Give the same project as it was copied into another folder."""
        play = replace(self, folder=folder, database=folder / "mlsm.db")
        # A module of its own: several projects are loaded in the process of the tests.
        play.models.rename(play.models.with_stem(f"chaos_models_{next(_NUMBERS)}"))
        return play

    @property
    def command(self) -> tuple[str, ...]:
        """Give the arguments that score the leads, as every run of a test must have them."""
        return "leads.csv", "--as-of", "2026-01-01", "--json", "--out", "out.parquet"

    @staticmethod
    def comparable(frame: pl.DataFrame) -> pl.DataFrame:
        """Leave out of results what is no part of equality: ids of runs and times of day."""
        given = pl.col("given").str.replace_all('"run_id":"[^"]*"', '"run_id":null')
        return frame.drop("run_id", "scored_at").with_columns(given)

    @property
    def models(self) -> Path:
        """Give the file of the models."""
        (file,) = (self.folder / "models").glob("*.py")
        return file

    def start(
        self,
        *arguments: str,
        calls: str = "calls",
        gate: str = os.devnull,
        command: str = "score",
        slow: bool = False,
        **options: Any,
    ) -> Any:
        """Start a command; its models note their calls in one file, and make none before the other is there."""
        names = {"CALLS": str(self.folder / calls), "GATE": str(self.folder / gate)}
        return subprocess.Popen(
            [sys.executable, "-m", "mlsm", command, *arguments],
            cwd=self.folder,
            env={**environment(), **names, **({"SLOW": "yes"} if slow else {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **{"preexec_fn": interruptible, **options},
        )

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        with self.start(*arguments, **options) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def job(self) -> Job:
        """Ask for what the command line would, in this process and from the project's folder."""
        project = load_project(self.folder)
        return Job(
            catalog=project.catalog,
            inputs=(open_reader("leads.csv"),),
            id_column=project.id_column,
            as_of=datetime(2026, 1, 1, tzinfo=UTC),
            keep=project.keep,
            part_rows=project.part_rows,
            keep_inputs=project.keep_inputs,
        )

    def here(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in this process, which is faster."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        with chdir(self.folder), redirect_stdout(out), redirect_stderr(err):
            code = main(["score", *arguments])
        told = []
        for stream in (out, err):
            stream.flush()
            stream.seek(0)
            told.append(stream.read())
        return subprocess.CompletedProcess(arguments, code, *told)

    def score(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Score the leads to the end."""
        return self.run(*self.command, *arguments, **options)

    def calls(self, name: str = "calls") -> Calls:
        """Count the calls that were noted; a line cut short is none."""
        path = self.folder / name
        noted = _CALL.findall(path.read_bytes()) if path.exists() else []
        return Counter((key.decode(), int(number) - FIRST) for key, number in noted)

    def lanes(self, name: str = "calls") -> set[tuple[int, str]]:
        """Give the lanes of parts of which models were called."""
        lanes = {"1": "active", "2": "draft"}
        return {(row // self.part_rows, lanes[key[-1]]) for key, row in self.calls(name)}

    def noted(self, name: str = "calls") -> Callable[[], int]:
        """Give what counts the calls in a file while it grows."""
        return Noted(self.folder / name)

    def log(self, run_id: str) -> list[Any]:
        """Read the events of a run's log."""
        lines = (self.folder / ".mlsm" / "logs" / f"{run_id}.ndjson").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def out(self) -> pl.DataFrame:
        """Read the results that were written besides."""
        return self.comparable(pl.read_parquet(self.folder / "out.parquet"))

    def open(self) -> SqliteStore:
        """Open the store."""
        store = open_store(str(self.database), self.folder)
        assert isinstance(store, SqliteStore)
        return store

    def wait_for(self, happened: Callable[[], Any], process: Any, *, pause: float = 0.002) -> bool:
        """Wait until something happened; False where the process ended before."""
        until = time.monotonic() + 60
        while not happened():
            if process.poll() is not None:
                return False
            assert time.monotonic() < until, "nothing happened"
            time.sleep(pause)
        return True

    def runs(self) -> list[RunEntry]:
        """List the runs of the store."""
        store = self.open()
        try:
            return store.runs()
        finally:
            store.dispose()

    def done(self) -> frozenset[tuple[int, str]]:
        """Give the lanes of parts that the newest run has committed."""
        if not self.database.exists():
            return frozenset()
        with closing(self.connect()) as db:
            if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'lane'").fetchone():
                return frozenset()
            asked = "SELECT part, lane FROM lane WHERE run = (SELECT max(run) FROM run)"
            return frozenset(db.execute(asked).fetchall())

    def connect(self) -> sqlite3.Connection:
        """Connect to the store's file, as a stranger who reads."""
        return sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True)

    def owners(self) -> set[int]:
        """Give the processes that have a run open, or had when they were killed."""
        with closing(self.connect()) as db:
            return {pid for (pid,) in db.execute("SELECT pid FROM owner")}

    def content(self) -> Content:
        """Read all that the store says of its newest run."""
        store = self.open()
        try:
            entry = store.runs()[0]
            return Content(
                parts=[self.comparable(frame) for frame in store.results(entry.run_id, Selection())],
                counts=entry.counts,
                totals=(entry.parts_done, entry.records, entry.rejects),
                rejects=list(store.rejects(entry.run_id)),
                inputs=list(store.inputs(entry.run_id)),
                scores=self.comparable(pl.concat(store.scores(Selection()))),
                currents=self.comparable(pl.concat(store.currents(Selection()))),
                state=entry.state,
            )
        finally:
            store.dispose()


def environment() -> dict[str, str]:
    """Give the environment without what a machine may have set for mlsm, and with compiled code, for speed."""
    set_here = (name for name in os.environ if name.startswith("MLSM_") or name == "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if name not in {*set_here}}


def interruptible() -> None:
    """Let Ctrl-C reach a child even where the tests run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Noted:
    """Counts the calls in a file while it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._count = 0

    def __call__(self) -> int:
        """Count the calls so far."""
        if self._path.exists():
            with self._path.open("rb") as stream:
                stream.seek(self._read)
                grown = stream.read()
            whole = grown[: grown.rfind(b"\n") + 1]
            self._read += len(whole)
            self._count += len(_CALL.findall(whole))
        return self._count


def write_project(folder: Path, *, leads: int = LEADS) -> Play:
    """Write the project."""
    (folder / "models").mkdir(parents=True)
    (folder / "mlsm.toml").write_text(MANIFEST)
    (folder / "models" / "chaos_models.py").write_text(MODELS.read_text())
    (folder / "leads.csv").write_text(leads_text(leads))
    return Play(folder=folder, database=folder / "mlsm.db", leads=leads)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What an uninterrupted run came to."""

    content: Content
    calls: Calls
    told: Any
    out: pl.DataFrame
    seconds_a_part: float


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Score all leads without any interruption."""
    play = write_project(tmp_path_factory.mktemp("reference") / "project")
    done = play.score()
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return Reference(
        content=play.content(),
        calls=play.calls(),
        told=told,
        out=play.out(),
        seconds_a_part=told["seconds"] / told["parts"],
    )


@pytest.fixture(scope="session")
def make_play() -> Callable[..., Play]:
    """Give what writes a project with as many leads as are wanted."""
    return write_project


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Make a project in which nothing was scored yet."""
    return write_project(tmp_path / "project")


@pytest.fixture
def new_play(tmp_path: Path) -> Callable[[], Play]:
    """Make as many projects as are asked for."""
    return lambda: write_project(tmp_path / f"project {next(_NUMBERS)}")
