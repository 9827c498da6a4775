"""Two processes that change one project at once, over one cache: one wins, and nothing is damaged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlsm.project.history import active_at, counted, mend, read_history
from mlsm.project.lock import read_lock
from mlsm.project.promotion import active_in, project_text

MODEL = '[[model]]\nname = "points"\nversion = "{version}"\npath = "points.toml"\n'
POINTS = '[[rule]]\nfield = "employees"\nat_least = 500\npoints = 35\n'


def git(folder: Path, *arguments: str) -> str:
    whose = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    done = subprocess.run(["git", *whose, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mlsm", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    told = [process.communicate(timeout=120)[1] for process in processes]
    return [(process.returncode, text) for process, text in zip(processes, told, strict=True)]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project with two versions of one model, each a commit of a repository."""
    monkeypatch.setenv("MLSM_HOME", str(tmp_path / "home"))
    source, folder = tmp_path / "tables", tmp_path / "acme"
    source.mkdir()
    folder.mkdir()
    git(source, "init", "--quiet")
    text = '[project]\nname = "acme"\n'
    for version in ("1", "2"):
        (source / "mlsm.toml").write_text(MODEL.format(version=version))
        (source / "points.toml").write_text(POINTS)
        git(source, "add", "--all")
        git(source, "commit", "--quiet", "--message", version)
        commit = git(source, "rev-parse", "HEAD")
        text += f'\n[[source]]\nname = "v{version}"\nurl = "file://{source}"\ncommit = "{commit}"\n'
    (folder / "mlsm.toml").write_text(text)
    return folder


@pytest.mark.parametrize("rounds", [2, pytest.param(50, marks=[pytest.mark.chaos, pytest.mark.timeout(3_000)])])
def test_two_at_once_leave_a_whole_project_and_one_winner(project: Path, rounds: int) -> None:
    """Each round both sync over an empty cache, then each promotes another version."""
    home = project.parent / "home"
    for _ in range(rounds):
        shutil.rmtree(home, ignore_errors=True)
        synced = ended([started(project, "sync") for _ in range(2)])
        assert all(code == 0 or "meanwhile" in told for code, told in synced), synced
        assert len(read_lock(project).models) == 2
        done = ended([started(project, "promote", f"points@{version}") for version in ("1", "2")])
        assert any(code == 0 for code, _ in done), done
        assert all(code == 0 or "meanwhile" in told for code, told in done), done
        active = active_in(project_text(project))
        assert active["points"] in {"1", "2"}
        assert mend(project, active) == read_history(project)
        assert active_at(counted(read_history(project))) == {} or active_at(read_history(project)) == active


@pytest.mark.parametrize("rounds", [2, pytest.param(100, marks=[pytest.mark.chaos, pytest.mark.timeout(3_000)])])
def test_a_sync_and_a_promotion_at_once_leave_a_whole_project(project: Path, rounds: int) -> None:
    """A promotion wins, or says that its commit is not here yet; sync is done; each time over an empty cache or not."""
    home = project.parent / "home"
    assert ended([started(project, "sync")])[0][0] == 0
    for number in range(rounds):
        if number % 2:
            shutil.rmtree(home, ignore_errors=True)
        version = str(1 + number % 2)
        (synced, promoted) = ended([started(project, "sync"), started(project, "promote", f"points@{version}")])
        assert synced[0] == 0, synced
        assert promoted[0] == 0 or "mlsm sync" in promoted[1], promoted
        if promoted[0]:
            assert ended([started(project, "promote", f"points@{version}")])[0][0] == 0
        active = active_in(project_text(project))
        assert active == {"points": version}
        assert mend(project, active) == read_history(project)
        assert active_at(read_history(project)) == active
        assert len(read_lock(project).models) == 2
