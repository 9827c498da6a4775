"""Processes of isolated models import their libraries beside each other."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlsm
from mlsm.contracts import Isolated
from mlsm.service import prepared
from mlsm.service.workers import cores

MEETING = """
import sys, time
from pathlib import Path
import mlsm

if hasattr(sys.modules["__main__"], "mlsm_worker"):  # not where the file is looked through for models
    here = Path(__file__)
    here.with_suffix(".there").touch()
    until = time.monotonic() + 10
    while not {other!r}.exists() and time.monotonic() < until:
        time.sleep(0.01)
    sys.met = {other!r}.exists()  # no global, whose value would be a part of the digest

@mlsm.model(version="1", status="active")
def {name}(x: int):
    return float(sys.met)
"""


@pytest.mark.skipif(cores() < 2, reason="as many begin as there are cores")
def test_two_processes_begin_at_once(tmp_path: Path) -> None:
    """Each waits, while it is imported, for the other to be imported."""
    for name, other in (("early", "late"), ("late", "early")):
        said = MEETING.format(name=name, other=tmp_path / f"{other}.there")
        (tmp_path / f"{name}.py").write_text("from pathlib import PosixPath, WindowsPath\n" + said)
    catalog = mlsm.load(tmp_path, isolation="process")
    assert [1.0, 1.0] == [result.score for result in mlsm.score_one(catalog, {"id": "1", "x": 2})]
    for step in prepared(catalog).steps:
        assert isinstance(step.predictor, Isolated)
        step.predictor.end()
