"""Keep the files of a commit in the cache, shared between projects.

A checkout is looked up, its place locked, looked up again, built aside and moved into place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mlsm.errors import ProjectError
from mlsm.project.changing import locked
from mlsm.project.fetching import fetch_commit, fetched, key_of, repository_of
from mlsm.project.git import GitError, git
from mlsm.project.origin import Origin, name_of, safe_url
from mlsm.project.submodules import fill_submodules

__all__ = [
    "Checkout",
    "as_called",
    "checkout",
    "checkout_in",
    "checkout_of",
    "find_checkout",
    "refuse_pointers",
    "tree_of",
    "unaltered",
]

_LFS = b"version https://git-lfs.github.com/spec/"
_MARKER = ".mlsm-checkout.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The files of a commit on this machine.

    Args:
        folder: where they are.
        tree: the hash of all of them, as they are now.
        altered: whether that is another than when they were fetched.
        fetched: whether they were not here before, and were fetched just now; of no matter to what they are.
    """

    folder: Path
    tree: str
    altered: bool = False
    fetched: bool = field(default=False, compare=False)


def checkout(origin: Origin, commit: str, home: Path, tell: Callable[[str], None] | None = None) -> Checkout:
    """Give the files of a commit, fetched where this machine does not have them.

    Args:
        origin: the repository.
        commit: the whole commit.
        home: the cache.
        tell: is told where it is fetched, which may take long.

    Raises:
        ProjectError: it cannot be fetched, or holds pointers of git LFS in place of files.
    """
    url = str(origin.url)
    found = find_checkout(origin, commit, home)
    if found is not None:
        return found
    base = home / "checkouts" / key_of(url)
    name = _name(origin, commit)
    with locked(base / f"{name}.lock", f"the checkout of {safe_url(url)!r}", patience=600):
        found = find_checkout(origin, commit, home)
        if found is not None:
            return found
        if tell is not None:
            tell(f"Fetching {commit[:7]} of {origin.told!r} ...")
        for left in base.glob(f".{name}-*"):
            shutil.rmtree(left, ignore_errors=True)  # of a process that was killed: we hold its lock
        aside = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=base))
        try:
            repository = _written(url, commit, home, aside)
            if origin.submodules:
                fill_submodules(origin, repository, commit, aside, lambda one, at: unaltered(one, at, home).folder)
            refuse_pointers(aside, f"Commit {commit[:12]} of {origin.told!r}")
            tree = tree_of(aside)
            marker = {"url": safe_url(url), "commit": commit, "tree": tree, "seen": _seen(aside)}
            (aside / _MARKER).write_text(json.dumps(marker))
            target = base / name
            shutil.rmtree(target, ignore_errors=True)  # one that a killed process left without its marker
            aside.rename(target)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    return Checkout(folder=target, tree=tree, fetched=True)


def unaltered(origin: Origin, commit: str, home: Path, tell: Callable[[str], None] | None = None) -> Checkout:
    """Give the files of a commit as `checkout` does, and refuse such as were changed since they were fetched.

    Raises:
        ProjectError: as for `checkout`; or something changed the cache.
    """
    found = checkout(origin, commit, home, tell)
    if found.altered:
        raise ProjectError(
            f"Commit {commit[:7]} of {origin.told!r} has other files here than were fetched.",
            hint="Something changed the cache: run `mlsm cache --clear --altered`, then this again.",
        )
    return found


def find_checkout(origin: Origin, commit: str, home: Path) -> Checkout | None:
    """Look a commit's files up in the cache, as `checkout_in` does."""
    return checkout_in(home / "checkouts" / key_of(str(origin.url)) / _name(origin, commit))


def checkout_in(folder: Path) -> Checkout | None:
    """Look at the files of a checkout; they are hashed where anything of them looks otherwise than it did."""
    try:
        said = json.loads((folder / _MARKER).read_text())
    except (OSError, ValueError):
        return None
    original = str(said.get("tree"))
    tree = original if said.get("seen") == _seen(folder) else tree_of(folder)
    return Checkout(folder=folder, tree=tree, altered=tree != original)


def checkout_of(path: Path) -> tuple[Path, str] | None:
    """Find the checkout in which a file of the cache lies.

    Returns:
        Its folder, and repository and commit in short, as `models 8c943b7`; None where there is none.
    """
    for folder in path.parents:
        with suppress(OSError, ValueError):
            said = json.loads((folder / _MARKER).read_text())
            return folder, f"{name_of(said['url'])} {said['commit'][:7]}"
    return None


def as_called(error: ProjectError, top: Path, told: str) -> ProjectError:
    """Call the files of a checkout in what is wrong with them as people do, not by where they lie in the cache.

    Args:
        error: what is wrong.
        top: the checkout.
        told: its source and commit, as `models 8c943b7`.
    """

    def said(text: str) -> str:
        return text.replace(f"{top}{os.sep}", f"{told} ").replace(str(top), told)

    problems = [said(problem) for problem in error.problems]
    return ProjectError(said(error.message), problems=problems, hint=None if error.hint is None else said(error.hint))


def _seen(folder: Path) -> str:
    """Hash what a look at all files tells without reading them: who changes one cannot set its change time back."""
    hashed = hashlib.sha256()
    for path in sorted(_files(folder)):
        status = path.lstat()
        told = (
            path.relative_to(folder).as_posix(),
            status.st_mode,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )
        hashed.update(repr(told).encode(errors="surrogateescape"))
    return hashed.hexdigest()


def tree_of(folder: Path) -> str:
    """Hash the names, kinds and contents of all files of a folder: `sha256:<hex>`."""
    hashed = hashlib.sha256()
    for path in sorted(_files(folder), key=lambda path: path.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix().encode(errors="surrogateescape")
        if path.is_symlink():
            kind, content = b"link", os.fsencode(path.readlink())
        else:
            kind, content = b"run" if os.access(path, os.X_OK) else b"file", path.read_bytes()
        hashed.update(b"%d %b %b %b\0" % (len(name), name, kind, hashlib.sha256(content).digest()))
    return f"sha256:{hashed.hexdigest()}"


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        # What Python writes while it imports is no part of what was committed.
        if inside.parts[0] in (_MARKER, ".git", ".mlsm") or "__pycache__" in inside.parts:
            continue
        if path.is_symlink() or path.is_file():
            yield path


def _name(origin: Origin, commit: str) -> str:
    """Name a checkout: with submodules it has other files."""
    return f"{commit}.submodules" if origin.submodules else commit


def _written(url: str, commit: str, home: Path, folder: Path) -> Path:
    """Write a commit's files into an empty folder, and give the repository that they came from."""
    repository = fetched(url, commit, home)
    try:
        _write_tree(repository, commit, folder)
    except GitError:
        if (repository / "HEAD").is_file():
            raise
        # Somebody cleared the cache meanwhile: nobody holds a repository while files are written from it, but now.
        shutil.rmtree(folder)
        folder.mkdir()
        with repository_of(url, home):
            fetch_commit(url, commit, repository)
            _write_tree(repository, commit, folder)
    return repository


def _write_tree(repository: Path, commit: str, folder: Path) -> None:
    """Write a commit's files; by an index of its own, since others write other commits of the repository now."""
    index = folder / ".mlsm-index"
    where = ("--git-dir", str(repository), "--work-tree", str(folder))
    with suppress(FileNotFoundError):
        index.unlink()
    git(*where, "read-tree", commit, cwd=folder, index=index)
    git(*where, "checkout-index", "--all", "--quiet", cwd=folder, index=index)
    index.unlink()


def refuse_pointers(folder: Path, told: str) -> None:
    """Refuse files of which git LFS keeps the contents elsewhere.

    Args:
        folder: where they would be.
        told: what that is called.

    Raises:
        ProjectError: there are some.
    """
    pointers = [
        path.relative_to(folder).as_posix()
        for path in _files(folder)
        if not path.is_symlink() and path.stat().st_size < 1024 and path.read_bytes().startswith(_LFS)
    ]
    if pointers:
        raise ProjectError(
            f"{told} holds pointers of git LFS in place of {', '.join(map(repr, sorted(pointers)[:5]))}.",
            hint="Commit the files themselves: `git lfs migrate export --include=<file>`; models are small enough.",
        )
