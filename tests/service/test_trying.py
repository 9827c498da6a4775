"""Fitted models are checked in the process that told of them, and nowhere else."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

import mlsm
from mlsm._fields import Reading
from mlsm._model import ArtefactModel, Isolation, Model
from mlsm.project.described import described
from mlsm.service import check
from mlsm.service.specification import specification_of
from mlsm.service.trying import Trying, tried_away, trying

HERE = Isolation(rung="process", group="points 1")
TABLE = '[[rule]]\nfield = "employees"\nat_least = 500\npoints = 35\n'
LISTED = '[project]\nname = "points"\n\n[[model]]\nname = "points"\nversion = "1"\npath = "points.toml"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a repository that holds a points table, and a golden record that differs."""
    made = tmp_path / "repository"
    made.mkdir()
    (made / "mlsm.toml").write_text(LISTED)
    (made / "points.toml").write_text(TABLE)
    (made / "points.golden.ndjson").write_text('{"record": {"employees": 600}, "expect": {"score": 77.0}}\n')
    return made


def test_what_told_of_a_model_checks_it(folder: Path, tmp_path: Path) -> None:
    """The same process says of it what a check here would; of a function it says nothing."""
    with trying() as processes:
        (told,) = described(folder, called="points", isolation=HERE, home=tmp_path / "home", processes=processes)
        model = told.with_isolation(HERE)
        pid = processes.of(HERE, "points").pid
        asked = check([model], away=partial(tried_away, processes))
        assert processes.of(HERE, "points").pid == pid is not None
        function = Model("f", {"a": int}, "1", len).with_isolation(HERE)
        assert tried_away(processes, function, Reading(), 0, []) is None
    here = check([told])
    assert here
    assert asked == [replace(finding, record=None) for finding in here]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_description_from_the_cache_is_checked_by_a_new_process(folder: Path, tmp_path: Path) -> None:
    """It loads no model but the one that it checks."""
    (told,) = described(folder, called="points", isolation=HERE, home=tmp_path / "home")
    with trying() as processes:
        (again,) = described(folder, called="points", isolation=HERE, home=tmp_path / "home", processes=processes)
        asked = check([again.with_isolation(HERE)], away=partial(tried_away, processes))
        assert [finding.check for finding in asked] == ["golden"]
    assert told.digest == again.digest


@pytest.mark.skipif(sys.platform == "win32", reason="ends a process by a signal")
def test_a_process_that_dies_over_a_check_leaves_it_to_others(folder: Path, tmp_path: Path) -> None:
    """The model is asked record by record then, so that the records at fault are found."""
    with trying() as processes:
        (told,) = described(folder, called="points", isolation=HERE, home=tmp_path / "home", processes=processes)
        model = told.with_isolation(HERE)
        os.kill(processes.of(HERE, "points").pid or 0, signal.SIGKILL)
        assert tried_away(processes, model, Reading(), 0, []) is None
        assert [finding.check for finding in check([model], away=partial(tried_away, processes))] == ["golden"]


class Listener:
    """Keeps the heads of what a worker tells."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def tell(self, head: object, _: bytes = b"") -> None:
        self.heard.append(head)


def test_a_check_never_counts_what_its_worker_has_set_aside(folder: Path) -> None:
    """Its runs are many, and to count all objects of all libraries for each took most of its time."""
    model = mlsm.load(folder / "points.toml", name="points", version="1")
    assert isinstance(model, ArtefactModel)
    listener = Listener()
    counted: list[str] = []

    def note(_: FrameType, event: str, called: object) -> None:
        if event == "c_call" and called is gc.get_freeze_count:
            counted.append(event)

    worker = Trying({"folder": None, "called": "points", "path": None}, listener)
    asked = pickle.dumps((specification_of(model, {}), Reading(), 0, ()))
    sys.setprofile(note)
    try:
        worker.on_check(asked)
    finally:
        sys.setprofile(None)
    assert (["checked"], [], True) == (listener.heard[1:], counted, gc.isenabled())
