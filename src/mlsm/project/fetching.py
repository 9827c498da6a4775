"""Bare repositories in the cache, shared between projects: a commit is fetched alone, all only where it must be."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlsm.errors import ProjectError
from mlsm.project.changing import locked
from mlsm.project.git import GitError, git
from mlsm.project.origin import host_of, safe_url

__all__ = ["described_url", "fetch_all", "fetch_commit", "fetched", "is_shallow", "key_of", "refs_of", "repository_of"]


_DESCRIPTION = "description"
"""What git keeps for people to read beside a repository."""
_LEFT_BEHIND = ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "objects/??/tmp_*")
"""What a killed git leaves: its locks, which refuse the next one, and what it had received, which nobody removes."""


def key_of(url: str) -> str:
    """Name a repository in the cache."""
    return hashlib.sha256(url.encode()).hexdigest()[:20]


@contextmanager
def repository_of(url: str, home: Path) -> Iterator[Path]:
    """Give the bare repository that stands for a URL in the cache, for us alone; an empty one where there was none."""
    repository = home / "repositories" / key_of(url)
    with locked(home / "repositories" / f"{key_of(url)}.lock", f"the repository {safe_url(url)!r}", patience=600):
        if not (repository / "HEAD").is_file():
            shutil.rmtree(repository, ignore_errors=True)
            git("init", "--bare", "--quiet", str(repository))
            (repository / _DESCRIPTION).write_text(f"{safe_url(url)}\n")
        for pattern in _LEFT_BEHIND:
            for stale in repository.glob(pattern):
                stale.unlink(missing_ok=True)  # of a process that was killed: we hold the lock of ours
        yield repository


def described_url(repository: Path) -> str:
    """Tell which repository one of the cache stands for, "" where it does not say so."""
    try:
        said = (repository / _DESCRIPTION).read_text().strip()
    except (OSError, ValueError):
        return ""
    return said if ":" in said else ""  # what git writes there itself names none


def refs_of(url: str) -> dict[str, str]:
    """Ask a repository for the commits of its branches and tags, by their whole names.

    Raises:
        ProjectError: it cannot be reached.
    """
    try:
        told = git("ls-remote", "--", url, local=host_of(url) == "file")
    except GitError as error:
        raise _translated(error, url) from error
    return {name: commit for commit, _, name in (line.partition("\t") for line in told.splitlines())}


def fetched(url: str, commit: str, home: Path) -> Path:
    """Fetch one commit without its history; where the server does not give single commits, all of it.

    Raises:
        ProjectError: it cannot be fetched, or is not there any more.
    """
    with repository_of(url, home) as repository:
        fetch_commit(url, commit, repository)
    return repository


def fetch_commit(url: str, commit: str, repository: Path) -> None:
    """Fetch one commit as `fetched` does, into a repository that is held.

    Raises:
        ProjectError: it cannot be fetched, or is not there any more.
    """
    if _has(repository, commit):
        return
    try:
        _fetch(url, repository, "--depth=1", commit)
    except GitError:
        fetch_all(url, repository)
    if not _has(repository, commit):
        raise ProjectError(
            f"The commit {commit[:12]!r} is not in {safe_url(url)!r} any more.",
            hint="It was removed there, as by a force push. A machine that has it in its cache still runs it; "
            "else take another with `mlsm lock --upgrade`.",
        )


def fetch_all(url: str, repository: Path) -> None:
    """Fetch all branches and tags with their history, into a repository that is held.

    Raises:
        ProjectError: it cannot be fetched.
    """
    try:
        # Where a commit was fetched without its history, all of it would end there.
        whole = ["--unshallow"] if is_shallow(repository) else []
        _fetch(url, repository, *whole, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    except GitError as error:
        raise _translated(error, url) from error


def is_shallow(repository: Path) -> bool:
    """Tell whether some commit was fetched without its history."""
    return git("rev-parse", "--is-shallow-repository", cwd=repository).strip() == "true"


def _fetch(url: str, repository: Path, *what: str) -> None:
    options = [word for word in what if word.startswith("--")]
    refs = [word for word in what if not word.startswith("--")]
    flags = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", *options]
    git("fetch", *flags, "--", url, *refs, cwd=repository, local=host_of(url) == "file")


def _has(repository: Path, commit: str) -> bool:
    try:
        git("cat-file", "-e", f"{commit}^{{tree}}", cwd=repository)
    except GitError:
        return False
    return True


_MEANINGS = (
    (r"Could not resolve host|Name or service not known|Temporary failure in name", "its host is not known",
     "Look for a typing error in the URL, and whether this machine reaches the network."),
    (r"Connection refused|timed out|unreachable|No route to host|[Ff]ailed to connect|unable to connect",
     "its host cannot be reached", "Try again later; what is in the cache runs without it."),
    (r"Authentication failed|could not read Username|Permission denied|prompts disabled|returned error: 40[13]",
     "there is no access to it", "Let git's credential helper, or a key of ssh, know who you are."),
    (r"not found|does not exist|no such repository|does not appear to be|returned error: 404",
     "there is no repository", "Look for a typing error in the URL."),
    (r"returned error: 30\d", "it redirects to another URL, and that is not followed",
     "Write the URL to which it leads; as a rule .git is missing at the end, or https: at the start."),
    (r"returned error: 5\d\d", "its host has troubles of its own",
     "Try again later; what is in the cache runs without it."),
    (r"certificate|handshake|SSL|TLS", "its host cannot prove who it is, or speaks no TLS there",
     "Look at the URL; for an authority of your own set git's http.sslCAInfo."),
    (r"dubious ownership", "it belongs to another user of this machine, which git does not trust",
     "If you do: git config --global --add safe.directory and the folder, with /.git behind it if it has one."),
    (r"transport '(\w+)' not allowed", "this way to a repository is not allowed", "Use https, ssh, git or file."),
)  # fmt: skip


def _translated(error: GitError, url: str) -> ProjectError:
    if not error.output:  # it is not installed, did not end, or failed without a word, which is told already
        return ProjectError(f"Cannot fetch {safe_url(url)!r}: {error.message}", hint=error.hint)
    said = safe_url(error.output).strip()
    for pattern, meaning, hint in _MEANINGS:
        if re.search(pattern, said.replace(safe_url(url), "")):  # whatever words stand in the URL
            return ProjectError(f"Cannot fetch {safe_url(url)!r}: {meaning}.", hint=hint)
    lines = said.splitlines()
    told = next((line for line in lines if line.startswith("fatal: ")), lines[-1]).rstrip(".")  # advice may follow
    return ProjectError(f"Cannot fetch {safe_url(url)!r}: {told}.", hint="`git ls-remote` with this URL tells more.")
