"""Commits fetched from real repositories into a cache: at once, refused by the server, gone, by what protocol."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from mlsm.errors import ProjectError
from mlsm.project.checkout import checkout
from mlsm.project.git import GitError, git
from mlsm.project.origin import Origin


def as_owner(folder: Path, *arguments: str) -> str:
    whose = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *whose, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commits(folder: Path, count: int) -> list[str]:
    """Make a repository with some commits, each of which changes its file."""
    folder.mkdir()
    as_owner(folder, "init", "--quiet")
    made = []
    for number in range(count):
        (folder / "table.txt").write_text(f"{number}\n")
        as_owner(folder, "add", "--all")
        as_owner(folder, "commit", "--quiet", "--message", f"Commit {number}")
        made.append(as_owner(folder, "rev-parse", "HEAD"))
    return made


def repository_in(home: Path) -> Path:
    (found,) = [one for one in (home / "repositories").iterdir() if one.is_dir()]
    return found


def source(folder: Path, commit: str) -> Origin:
    return Origin(name="tables", url=f"file://{folder}", commit=commit)


def test_a_commit_is_written_while_others_of_its_repository_are(tmp_path: Path) -> None:
    """Whoever writes the files of one commit neither waits for the index of another process, nor takes it away."""
    first, second = commits(tmp_path / "tables", 2)
    home, done = tmp_path / "home", Event()
    checkout(source(tmp_path / "tables", first), first, home)
    repository = repository_in(home)

    def write_another() -> None:
        while not done.is_set():
            (repository / "index.lock").touch()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_another)
        try:
            found = checkout(source(tmp_path / "tables", second), second, home)
        finally:
            done.set()
        writing.result()
    assert (found.folder / "table.txt").read_text() == "1\n"


def shallow(home: Path) -> str:
    return git("rev-parse", "--is-shallow-repository", cwd=repository_in(home)).strip()


@pytest.fixture
def old_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git speak its oldest protocol, in which a server gives branches and tags, and no other commit."""
    settings = tmp_path / "gitconfig"
    settings.write_text("[protocol]\n\tversion = 0\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))


@pytest.mark.usefixtures("old_protocol")
@pytest.mark.parametrize("newest_first", [False, True], ids=["alone", "after the newest, without its history"])
def test_all_is_fetched_where_the_server_does_not_give_a_single_commit(tmp_path: Path, newest_first: bool) -> None:
    """The history is fetched, also into a repository that was fetched without it before."""
    first, _, last = commits(tmp_path / "tables", 3)
    home = tmp_path / "home"
    if newest_first:
        checkout(source(tmp_path / "tables", last), last, home)
        assert shallow(home) == "true"
    found = checkout(source(tmp_path / "tables", first), first, home)
    assert (found.folder / "table.txt").read_text() == "0\n"
    assert shallow(home) == "false"


def test_a_commit_that_is_gone_is_told_and_runs_where_it_is_cached(tmp_path: Path) -> None:
    """After a force push and a clean-up there, a machine that has the commit keeps it, and another says why not."""
    folder, home = tmp_path / "tables", tmp_path / "home"
    kept, gone = commits(folder, 2)
    here = checkout(source(folder, gone), gone, home)
    as_owner(folder, "reset", "--quiet", "--hard", kept)
    as_owner(folder, "reflog", "expire", "--expire=now", "--all")
    as_owner(folder, "gc", "--quiet", "--prune=now")
    assert checkout(source(folder, gone), gone, home) == here
    with pytest.raises(ProjectError, match=r"is not in .* any more") as told:
        checkout(source(folder, gone), gone, tmp_path / "another")
    assert "force push" in str(told.value.hint)


def test_repositories_of_this_machine_are_read_for_local_sources_only(tmp_path: Path) -> None:
    """What was not said to be local cannot make git read a path of this machine."""
    (commit,) = commits(tmp_path / "tables", 1)
    assert commit in git("ls-remote", f"file://{tmp_path / 'tables'}", local=True)
    with pytest.raises(GitError, match="transport 'file' not allowed"):
        git("ls-remote", f"file://{tmp_path / 'tables'}")
