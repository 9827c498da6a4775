"""Commits fetched from real repositories into a cache: at once, refused by the server, gone, by what protocol."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from mlsm.errors import ProjectError
from mlsm.project.cached import cached, clear
from mlsm.project.checkout import checkout
from mlsm.project.fetching import fetched, refs_of, repository_of
from mlsm.project.git import GitError, git
from mlsm.project.origin import Origin
from mlsm.project.revisions import revision


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


@pytest.mark.skipif(sys.platform == "win32", reason="ends a process by a signal")
def test_what_a_killed_fetch_left_goes_with_the_next(tmp_path: Path) -> None:
    """Half a pack and locks are no more there, and the commit is."""
    tables, home = tmp_path / "tables", tmp_path / "home"
    commits(tables, 1)
    (tables / "noise").write_bytes(os.urandom(4 << 20))
    as_owner(tables, "add", "--all")
    as_owner(tables, "commit", "--quiet", "--message", "Noise")
    url, commit = f"file://{tables}", as_owner(tables, "rev-parse", "HEAD")
    with repository_of(url, home) as repository:
        half = "sh -c 'git-upload-pack \"$0\" | (dd bs=64k count=20 status=none; exec sleep 60)'"
        fetch = ["git", "-c", "fetch.unpackLimit=1", "fetch", "--quiet", f"--upload-pack={half}", url, commit]
        fetching = subprocess.Popen(fetch, cwd=repository, start_new_session=True)
        until = time.monotonic() + 20
        while not (left := list(repository.glob("objects/pack/tmp_*"))) and time.monotonic() < until:
            time.sleep(0.01)
        os.killpg(fetching.pid, signal.SIGKILL)
        fetching.wait()
    assert left
    (repository / "refs" / "heads" / "main.lock").touch()
    fetched(url, commit, home)
    assert [] == [*repository.glob("objects/pack/tmp_*"), *repository.rglob("*.lock")]
    assert "commit" == git("cat-file", "-t", commit, cwd=repository).strip()


CLEARED = """
import sys
from pathlib import Path
from mlsm.project.cached import clear
from mlsm.project.checkout import checkout
from mlsm.project.origin import Origin
url, commit, home = sys.argv[1], sys.argv[2], Path(sys.argv[3])
left = [True]
def audit(event, args):
    if event == "subprocess.Popen" and "read-tree" in args[1] and left:
        left.clear()
        clear(home)
sys.addaudithook(audit)
print((checkout(Origin(name="tables", url=url, commit=commit), commit, home).folder / "table.txt").read_text())
"""
"""Checks a commit out of a cache that is cleared once all is fetched, before the first file is written."""


def test_a_cache_that_is_cleared_while_a_commit_is_written_is_filled_again(tmp_path: Path) -> None:
    """Two projects share a cache, and whoever clears it knows nothing of the other's commands."""
    (commit,) = commits(tmp_path / "tables", 1)
    command = [sys.executable, "-c", CLEARED, f"file://{tmp_path / 'tables'}", commit, str(tmp_path / "home")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "0" == done.stdout.strip(), done.stderr


def test_what_a_killed_process_left_of_a_checkout_goes_with_the_next(tmp_path: Path) -> None:
    """Half a checkout is no more there once it was made anew; that of another commit is not touched."""
    first, second = commits(tmp_path / "tables", 2)
    home = tmp_path / "home"
    base = checkout(source(tmp_path / "tables", first), first, home).folder.parent
    halves = [base / f".{one}-x1y2" for one in (second, first)]
    for half in halves:
        half.mkdir()
    checkout(source(tmp_path / "tables", second), second, home)
    assert [half.exists() for half in halves] == [False, True]


def test_a_repository_in_the_cache_says_which_it_is_before_anything_of_it_was_checked_out(tmp_path: Path) -> None:
    """What was refused, such as pointers of git LFS, is told of as well where the cache is shown."""
    (commit,) = commits(tmp_path / "tables", 1)
    fetched(f"file://{tmp_path / 'tables'}", commit, tmp_path / "home")
    assert [(kept.kind, kept.url) for kept in cached(tmp_path / "home")] == [
        ("repository", f"file://{tmp_path / 'tables'}")
    ]


@pytest.fixture
def answering() -> Iterator[str]:
    """Serve, by HTTP on this machine, the status that a path begins with."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(self.path.split("/")[1]))
            self.send_header("Location", "/404/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing among what the tests write."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("403/models", "no access"),
        ("404/models", "no repository"),
        ("503/models-403-404", "troubles of its own"),
        ("302/models", "redirects to another URL"),
    ],
)
def test_what_a_host_answers_is_told_in_words(answering: str, path: str, told: str) -> None:
    """A status of HTTP is translated, whatever numbers stand in the URL."""
    with pytest.raises(ProjectError, match=told):
        refs_of(f"{answering}/{path}")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_another_user_is_told_with_the_way_to_trust_it(tmp_path: Path) -> None:
    """What git says of it last is advice for another case."""
    commits(tmp_path / "tables", 1)
    for path in (tmp_path / "tables", tmp_path / "tables" / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(ProjectError, match="belongs to another user") as refused:
        refs_of(f"file://{tmp_path / 'tables'}")
    assert "safe.directory" in str(refused.value.hint)


def test_that_git_is_not_installed_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not as a trouble of the repository that was to be fetched."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProjectError, match="`git` is not installed") as refused:
        refs_of("https://git.example.com/models.git")
    assert "Install git" in str(refused.value.hint)


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


@pytest.mark.parametrize("digits", [4, 7, 39])
def test_a_few_digits_name_a_commit_wherever_it_lies(tmp_path: Path, digits: int) -> None:
    """A short commit is found behind a branch and in the history, and a tag's own number is none."""
    folder, home = tmp_path / "tables", tmp_path / "home"
    first, last = commits(folder, 2)
    as_owner(folder, "tag", "--annotate", "v1", first, "--message", "The first")
    for commit in (first, last):
        assert revision(f"file://{folder}", commit[:digits].upper(), home) == {"commit": commit}
    number = as_owner(folder, "rev-parse", "v1")
    with pytest.raises(ProjectError, match="has no branch, tag or commit"):
        revision(f"file://{folder}", number[:digits], home)
    assert revision(f"file://{folder}", "v1", home) == {"tag": "v1"}


def test_a_branch_and_a_tag_of_one_name_are_told_apart_by_their_whole_names(tmp_path: Path) -> None:
    """A branch moves on and a tag does not: which of them is meant is never guessed."""
    folder, home = tmp_path / "tables", tmp_path / "home"
    commits(folder, 1)
    as_owner(folder, "branch", "v1")
    as_owner(folder, "tag", "v1")
    with pytest.raises(ProjectError, match="has a branch 'v1' and a tag of that name"):
        revision(f"file://{folder}", "v1", home)
    assert revision(f"file://{folder}", "refs/tags/v1", home) == {"tag": "v1"}
    assert revision(f"file://{folder}", "refs/heads/v1", home) == {"branch": "v1"}


def test_digits_with_which_several_commits_begin_are_refused_with_these(tmp_path: Path) -> None:
    """Which commit is meant is never guessed."""
    folder = tmp_path / "tables"
    commits(folder, 1)
    tree, whose = as_owner(folder, "rev-parse", "HEAD^{tree}"), "Ada <ada@example.com> 1700000000 +0000"
    last, seen = as_owner(folder, "rev-parse", "HEAD"), dict[str, str]()
    for number in range(2000):  # some two of them share four digits
        text = f"tree {tree}\nparent {last}\nauthor {whose}\ncommitter {whose}\n\n{number}\n"
        hashed = hashlib.sha1(f"commit {len(text)}\0{text}".encode(), usedforsecurity=False).hexdigest()
        twin = seen.setdefault(hashed[:4], text)
        if twin != text:
            break
    for place, written in enumerate((twin, text)):
        (tmp_path / "commit").write_text(written)
        made = as_owner(folder, "hash-object", "-t", "commit", "-w", str(tmp_path / "commit"))
        as_owner(folder, "branch", f"twin-{place}", made)
    with pytest.raises(ProjectError, match="has 2 commits that begin with"):
        revision(f"file://{folder}", hashed[:4], tmp_path / "home")


def test_two_that_clear_a_cache_at_once_clear_it(tmp_path: Path) -> None:
    """What one has taken away already the other passes over."""
    for number in range(60):
        folder = tmp_path / "checkouts" / "tables" / f"{number:040}"
        folder.mkdir(parents=True)
        (folder / ".mlsm-checkout.json").write_text('{"url": "file:///tables"}')
        (folder / "table.txt").write_text("0")
    with ThreadPoolExecutor(2) as pool:
        cleared = [pool.submit(clear, tmp_path) for _ in range(2)]
    assert 60 == sum(len(one.result()) for one in cleared)
    assert [] == cached(tmp_path)
