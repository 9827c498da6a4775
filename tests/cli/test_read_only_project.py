"""A nightly job writes to the store, to `--out`, to `MLSM_HOME` and to `TMPDIR`, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.powerless import powerless


def test_a_job_runs_on_a_project_that_nobody_may_write_to(tmp_path: Path) -> None:
    """With a folder and a home that are read-only, a run is stored, written and logged; nothing else appears."""
    project = tmp_path / "project"
    subprocess.run([sys.executable, "-m", "mlsm", "init", str(project)], check=True, capture_output=True)
    before = sorted(path for path in project.rglob("*") if "__pycache__" not in path.parts)
    for path in [project, *project.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for name in ("home", "tmp", "store", "out"):
        (tmp_path / name).mkdir()
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "MLSM_HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "MLSM_STORE_URL": f"sqlite:///{tmp_path / 'store' / 'mlsm.db'}",
    }
    command = [sys.executable, "-m", "mlsm", "score", "leads.csv", "--resume", "--log", "-", "--json"]
    try:
        done = subprocess.run(
            [*powerless(), *command, "--out", str(tmp_path / "out" / "scores.parquet")],
            cwd=project, env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        after = sorted(path for path in project.rglob("*") if "__pycache__" not in path.parts)
    finally:
        for path in [project, *project.rglob("*")]:
            path.chmod(0o755)
    assert 0 == done.returncode, done.stderr
    assert before == after
    assert (tmp_path / "store" / "mlsm.db").exists()
    assert (tmp_path / "out" / "scores.parquet").exists()
