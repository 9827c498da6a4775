"""Fetch a commit, and keep its files in the cache, shared between projects.

A checkout is looked up, its place locked, looked up again, built aside and moved into place.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from mlsm.errors import ProjectError
from mlsm.project.changing import locked
from mlsm.project.git import GitError, git
from mlsm.project.origin import Origin, host_of, safe_url
from mlsm.project.submodules import fill_submodules

__all__ = ["Checkout", "checkout", "commits_between", "find_checkout", "resolve", "tree_of", "unaltered"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_LFS = b"version https://git-lfs.github.com/spec/"
_MARKER = ".mlsm-checkout.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The files of a commit on this machine.

    Args:
        folder: where they are.
        tree: the hash of all of them, as they are now.
        altered: whether that is another than when they were fetched.
    """

    folder: Path
    tree: str
    altered: bool = False


def resolve(origin: Origin) -> str:
    """Ask a repository for the commit that a source wants now.

    Raises:
        ProjectError: there is no such branch or tag, or it cannot be reached.
    """
    if origin.commit is not None:
        return origin.commit
    refs = _refs(origin)
    if origin.tag is not None:
        tag = f"refs/tags/{origin.tag}"
        found = refs.get(f"{tag}^{{}}", refs.get(tag))  # the commit behind an annotated tag
    else:
        found = refs.get("HEAD" if origin.branch is None else f"refs/heads/{origin.branch}")
    if found is None:
        raise _unknown(origin, refs)
    return found


def revision(url: str, text: str) -> dict[str, str]:
    """Find out whether a revision is a branch, a tag or a commit, for `[[source]]`.

    Raises:
        ProjectError: the repository knows no such revision.
    """
    if _COMMIT.fullmatch(text):
        return {"commit": text}
    origin = Origin(name="", url=url, branch=text)
    refs = _refs(origin)
    if f"refs/heads/{text}" in refs:
        return {"branch": text}
    if f"refs/tags/{text}" in refs:
        return {"tag": text}
    if re.fullmatch(r"[0-9a-f]{7,39}", text):
        whole = {commit for commit in refs.values() if commit.startswith(text)}
        if len(whole) == 1:
            return {"commit": whole.pop()}
    raise _unknown(origin, refs)


def checkout(origin: Origin, commit: str, home: Path) -> Checkout:
    """Give the files of a commit, fetched where this machine does not have them.

    Args:
        origin: the repository.
        commit: the whole commit.
        home: the cache.

    Raises:
        ProjectError: it cannot be fetched, or holds pointers of git LFS in place of files.
    """
    url = str(origin.url)
    found = find_checkout(origin, commit, home)
    if found is not None:
        return found
    base = home / "checkouts" / _key(url)
    name = _name(origin, commit)
    with locked(base / f"{name}.lock", f"the checkout of {safe_url(url)!r}", patience=600):
        found = find_checkout(origin, commit, home)
        if found is not None:
            return found
        repository = _fetched(url, commit, home)
        aside = Path(tempfile.mkdtemp(prefix=f".{commit[:12]}.", dir=base))
        try:
            _write_tree(repository, commit, aside)
            if origin.submodules:
                fill_submodules(origin, repository, commit, aside, lambda one, at: unaltered(one, at, home).folder)
            _refuse_pointers(aside, origin, commit)
            tree = tree_of(aside)
            marker = {"url": safe_url(url), "commit": commit, "tree": tree, "seen": _seen(aside)}
            (aside / _MARKER).write_text(json.dumps(marker))
            target = base / name
            shutil.rmtree(target, ignore_errors=True)  # one that a killed process left without its marker
            aside.rename(target)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    return Checkout(folder=target, tree=tree)


def unaltered(origin: Origin, commit: str, home: Path) -> Checkout:
    """Give the files of a commit as `checkout` does, and refuse such as were changed since they were fetched.

    Raises:
        ProjectError: as for `checkout`; or something changed the cache.
    """
    found = checkout(origin, commit, home)
    if found.altered:
        raise ProjectError(
            f"Commit {commit[:7]} of {origin.told!r} has other files here than were fetched.",
            hint="Something changed the cache: run `mlsm cache --clear --all`, then this again.",
        )
    return found


def find_checkout(origin: Origin, commit: str, home: Path) -> Checkout | None:
    """Look a commit's files up in the cache; they are hashed where anything of them looks otherwise than it did."""
    folder = home / "checkouts" / _key(str(origin.url)) / _name(origin, commit)
    try:
        said = json.loads((folder / _MARKER).read_text())
    except (OSError, ValueError):
        return None
    fetched = str(said.get("tree"))
    tree = fetched if said.get("seen") == _seen(folder) else tree_of(folder)
    return Checkout(folder=folder, tree=tree, altered=tree != fetched)


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


def commits_between(origin: Origin, first: str, second: str, home: Path) -> list[str] | None:
    """Give the commits from one to another, newest first; None where that cannot be told."""
    url = str(origin.url)
    repository = home / "repositories" / _key(url)
    try:
        with locked(home / "repositories" / f"{_key(url)}.lock", f"the repository {safe_url(url)!r}", patience=600):
            if whole := _whole(repository):
                _fetch(url, repository, *whole, "+refs/heads/*:refs/heads/*")
        told = git("log", "--format=%h %s", f"{first}..{second}", cwd=repository)
    except (ProjectError, OSError):
        return None
    return told.splitlines()


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


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:20]


def _refs(origin: Origin) -> dict[str, str]:
    url = str(origin.url)
    try:
        told = git("ls-remote", "--", url, local=host_of(url) == "file")
    except GitError as error:
        raise _translated(error, url) from error
    return {name: commit for commit, _, name in (line.partition("\t") for line in told.splitlines())}


def _fetched(url: str, commit: str, home: Path) -> Path:
    """Fetch one commit without its history; where the server does not give single commits, all of it."""
    repository = home / "repositories" / _key(url)
    with locked(home / "repositories" / f"{_key(url)}.lock", f"the repository {safe_url(url)!r}", patience=600):
        if not (repository / "HEAD").is_file():
            shutil.rmtree(repository, ignore_errors=True)
            git("init", "--bare", "--quiet", str(repository))
        for stale in repository.glob("*.lock"):
            stale.unlink(missing_ok=True)  # of a process that was killed: we hold the lock of ours
        if _has(repository, commit):
            return repository
        try:
            _fetch(url, repository, "--depth=1", commit)
        except GitError:
            try:
                # Where a commit was fetched without its history, all of it would end there.
                _fetch(url, repository, *_whole(repository), "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
            except GitError as error:
                raise _translated(error, url) from error
        if not _has(repository, commit):
            raise ProjectError(
                f"The commit {commit[:12]!r} is not in {safe_url(url)!r} any more.",
                hint="It was removed there, as by a force push. A machine that has it in its cache still runs it; "
                "else take another with `mlsm lock --upgrade`.",
            )
    return repository


def _fetch(url: str, repository: Path, *what: str) -> None:
    options = [word for word in what if word.startswith("--")]
    refs = [word for word in what if not word.startswith("--")]
    flags = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", *options]
    git("fetch", *flags, "--", url, *refs, cwd=repository, local=host_of(url) == "file")


def _whole(repository: Path) -> list[str]:
    """Give the option by which histories that were left out are fetched, none where none was."""
    return ["--unshallow"] if git("rev-parse", "--is-shallow-repository", cwd=repository).strip() == "true" else []


def _has(repository: Path, commit: str) -> bool:
    try:
        git("cat-file", "-e", f"{commit}^{{tree}}", cwd=repository)
    except GitError:
        return False
    return True


def _write_tree(repository: Path, commit: str, folder: Path) -> None:
    """Write a commit's files; by an index of its own, since others write other commits of the repository now."""
    index = folder / ".mlsm-index"
    where = ("--git-dir", str(repository), "--work-tree", str(folder))
    with suppress(FileNotFoundError):
        index.unlink()
    git(*where, "read-tree", commit, cwd=folder, index=index)
    git(*where, "checkout-index", "--all", "--quiet", cwd=folder, index=index)
    index.unlink()


def _refuse_pointers(folder: Path, origin: Origin, commit: str) -> None:
    pointers = [
        path.relative_to(folder).as_posix()
        for path in _files(folder)
        if not path.is_symlink() and path.stat().st_size < 1024 and path.read_bytes().startswith(_LFS)
    ]
    if pointers:
        raise ProjectError(
            f"Commit {commit[:12]} of {origin.told!r} holds pointers of git LFS in place of "
            f"{', '.join(map(repr, sorted(pointers)[:5]))}.",
            hint="Commit the files themselves: `git lfs migrate export --include=<file>`; models are small enough.",
        )


def _unknown(origin: Origin, refs: dict[str, str]) -> ProjectError:
    wanted = origin.branch or origin.tag or "HEAD"
    kind = "tag" if origin.tag is not None else "branch"
    names = sorted({re.sub(r"^refs/(heads|tags)/|\^\{\}$", "", ref) for ref in refs if ref.startswith("refs/")})
    near = get_close_matches(wanted, names, n=3)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"There is {', '.join(names[:12]) or 'none'}."
    return ProjectError(f"{origin.told!r} has no {kind} {wanted!r}.", hint=hint)


_MEANINGS = (
    (r"Could not resolve host|Name or service not known|Temporary failure in name", "its host is not known",
     "Look for a typing error in the URL, and whether this machine reaches the network."),
    (r"Connection refused|timed out|unreachable|No route to host|[Ff]ailed to connect|unable to connect",
     "its host cannot be reached", "Try again later; what is in the cache runs without it."),
    (r"Authentication failed|could not read Username|Permission denied|terminal prompts disabled|403",
     "there is no access to it", "Let git's credential helper, or a key of ssh, know who you are."),
    (r"not found|does not exist|no such repository|does not appear to be|404", "there is no repository",
     "Look for a typing error in the URL."),
    (r"transport '(\w+)' not allowed", "this way to a repository is not allowed", "Use https, ssh, git or file."),
)  # fmt: skip


def _translated(error: GitError, url: str) -> ProjectError:
    said = safe_url(error.output).strip()
    for pattern, meaning, hint in _MEANINGS:
        if re.search(pattern, said):
            return ProjectError(f"Cannot fetch {safe_url(url)!r}: {meaning}.", hint=hint)
    last = said.splitlines()[-1] if said else "git does not say why"
    return ProjectError(f"Cannot fetch {safe_url(url)!r}: {last}.", hint="`git ls-remote` with this URL tells more.")
