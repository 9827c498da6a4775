"""A bad model in a process of its own costs its own record at most, and nothing is left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.chaos import badness
from tests.chaos.badness import BAD, OUTCOMES, first, second
from tests.environments import equipped_python

import mlsm
from mlsm.contracts import Isolated
from mlsm.service import prepared

LEADS = 20_000
FEW = 2_000
RECORDS = [{"id": str(x), "x": x, "tags": [x]} for x in range(LEADS)]
RUNGS = ("process", "env")
PARENT = """
import sys, mlsm
from tests.chaos import badness
from mlsm.service import prepared
catalog = mlsm.Catalog([badness.leaves_children, badness.sleeps, badness.loops])
prepared(catalog)
print("ready", flush=True)
mlsm.score(catalog, [{"id": "1", "x": badness.BAD}], id="id")
"""


def family() -> set[int]:
    """Give the processes that descend from this one."""
    return {process.pid for process in psutil.Process().children(recursive=True)}


def files() -> list[str]:
    """Give what this process holds open."""
    return sorted(str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.exists())


def scored(*models: mlsm.Model, leads: int = LEADS) -> dict[str, list[Any]]:
    """Score leads; give each model's results, and leave no process behind."""
    catalog = mlsm.Catalog(models)
    found: dict[str, list[Any]] = {}
    try:
        for result in mlsm.score(catalog, RECORDS[:leads], id="id"):
            found.setdefault(result.model, []).append((str(result.outcome), result.score, result.label))
    finally:
        for step in prepared(catalog).steps:
            if isinstance(step.predictor, Isolated):
                step.predictor.end()
    return found


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, list[Any]]:
    """Score with the good models alone."""
    return scored(first, second)


@pytest.fixture(scope="module")
def other_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make another environment, which has the libraries of this one."""
    return equipped_python(tmp_path_factory.mktemp("environment") / "venv")


def on(rung: str, model: mlsm.Model, python: Path) -> mlsm.Model:
    """Give a bad model on another rung, with the same limits."""
    isolation = replace(model.isolation, rung=rung, python=str(python) if rung == "env" else None)
    return model.with_isolation(isolation)


@contextmanager
def nothing_left(seconds: float) -> Iterator[None]:
    """Expect that no process, thread or file is left behind, and that it takes no longer than that."""
    threads, before, opened = len(psutil.Process().threads()), family(), len(files())
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds
    assert before >= family()
    assert opened >= len(files())
    assert threads >= len(psutil.Process().threads()) - _polars_grew(threads)


@pytest.mark.parametrize(
    ("rung", "leads"),
    [("process", FEW), *(pytest.param(rung, LEADS, marks=pytest.mark.chaos) for rung in RUNGS)],
)
def test_all_bad_models_at_once_cost_their_own_records_at_most(
    rung: str, leads: int, undisturbed: dict[str, list[Any]], other_python: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The good ones' results are those of a run without any, and each bad one's record says what happened."""
    with nothing_left(seconds=240):
        results = scored(first, *(on(rung, bad, other_python) for bad in OUTCOMES), second, leads=leads)
    own = {name: results.pop(name) for name in [bad.name for bad in OUTCOMES]}
    assert {name: told[:leads] for name, told in undisturbed.items()} == results
    assert {bad.name: told for bad, told in OUTCOMES.items()} == {name: told[BAD][0] for name, told in own.items()}
    good = {("ok", x / 10, None) for x in range(leads) if x != BAD}
    assert [] == [name for name, told in own.items() if good != set(told[:BAD] + told[BAD + 1 :])]
    assert "" == capfd.readouterr().out


@pytest.mark.chaos
@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("bad", OUTCOMES, ids=lambda model: model.name)
def test_a_bad_model_costs_its_own_record_at_most(
    bad: mlsm.Model, rung: str, undisturbed: dict[str, list[Any]], other_python: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The good ones' results are those of a run without it; no process, thread or file is left."""
    with nothing_left(seconds=60):
        results = scored(first, on(rung, bad, other_python), second)
    own = results.pop(bad.name)
    assert undisturbed == results
    assert OUTCOMES[bad] == own[BAD][0]
    assert {("ok", x / 10, None) for x in range(LEADS) if x != BAD} == set(own[:BAD] + own[BAD + 1 :])
    assert "" == capfd.readouterr().out


def _polars_grew(threads: int) -> int:
    """Allow for the threads that polars starts once."""
    return (os.cpu_count() or 1) * 4 if threads < 16 else 0


def test_what_it_prints_carries_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    """Each line comes on stderr with the model's key before it, and gigabytes are cut short."""
    scored(badness.prints)
    told = capfd.readouterr()
    assert "" == told.out
    lines = [line for line in told.err.splitlines() if line]
    assert all(line.startswith("[prints@1] ") for line in lines)
    assert "left out" in lines[-1]
    assert len(told.err) < 2_000_000


def test_nothing_outlives_a_parent_that_is_killed() -> None:
    """After SIGKILL of the parent its workers go, hanging ones and the sessions that a model started too."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=Path.cwd()) as parent:
        assert parent.stdout is not None
        assert b"ready\n" == parent.stdout.readline()
        root = psutil.Process(parent.pid)
        until = time.monotonic() + 30
        children = root.children(recursive=True)
        while not any(child.name() == "sleep" for child in children):
            assert time.monotonic() < until
            children = root.children(recursive=True)
        parent.send_signal(signal.SIGKILL)
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert len(gone) >= 6


def test_a_worker_is_out_of_the_keyboards_reach() -> None:
    """SIGINT to the whole family leaves the workers alone: the parent alone decides when they end."""
    catalog = mlsm.Catalog([badness.good_too])
    (step,) = prepared(catalog).steps
    assert isinstance(step.predictor, Isolated)
    for pid in family():
        os.kill(pid, signal.SIGINT)
    assert 0.7 == mlsm.score_one(catalog, {"id": "1", "x": 7})[0].score
    step.predictor.end()


def test_a_killed_worker_costs_no_record() -> None:
    """A worker that somebody kills is replaced, and the record is asked again."""
    catalog = mlsm.Catalog([badness.good_too])
    (step,) = prepared(catalog).steps
    assert isinstance(step.predictor, Isolated)
    for _ in range(3):
        for pid in family():
            os.kill(pid, signal.SIGKILL)
        assert 0.7 == mlsm.score_one(catalog, {"id": "1", "x": 7})[0].score
    assert all(result.outcome == "ok" for result in mlsm.score(catalog, RECORDS, id="id"))
    step.predictor.end()
