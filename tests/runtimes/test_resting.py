"""Threads of a fitted model's library do not keep the processor while they wait."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

ASKED = """
import sys, time
import mlsm
from mlsm.runtimes import lightgbm as runtime
model = mlsm.load(sys.argv[1], name="fit", version="1", status="active")
booster, matrix = runtime.load(model).trees, __import__("numpy").zeros((5000, 1))
booster.scores(matrix)
busy = 0.0
for _ in range(20):
    booster.scores(matrix)
    begin = time.process_time()
    time.sleep(0.02)
    busy += time.process_time() - begin
print(busy)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it is GCC's OpenMP that spins")
def test_threads_rest_between_calls(tmp_path: Path) -> None:
    """After a call LightGBM's threads leave the processor to what reads and writes; busy, they take milliseconds."""
    data = lgb.Dataset(np.arange(100.0)[:, None], np.arange(100) % 2, feature_name=["x"])
    lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1}, data, 3).save_model(tmp_path / "model.txt")
    threads = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    command = [sys.executable, "-c", ASKED, str(tmp_path / "model.txt")]
    told = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**threads, "OMP_NUM_THREADS": "2"}
    ).stdout
    assert 0.02 > float(told)
