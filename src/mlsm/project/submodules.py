"""Repositories inside of a repository, fetched only where `[[source]]` says `submodules = true`."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from mlsm.errors import ProjectError
from mlsm.project.git import git
from mlsm.project.origin import Origin, host_of, safe_url, wrong_url

__all__ = ["fill_submodules"]

_MODULES = ".gitmodules"
_KEY = re.compile(r"submodule\.(.+)\.(path|url)")


def fill_submodules(
    origin: Origin, repository: Path, commit: str, folder: Path, fetched: Callable[[Origin, str], Path]
) -> None:
    """Put the files of submodules where a commit has them, each of the commit that it names.

    Args:
        origin: the source, whose allowed hosts hold for them as well.
        repository: the repository that was fetched.
        commit: the commit.
        folder: its files.
        fetched: gives the folder of another repository's commit.

    Raises:
        ProjectError: one lies on a host that is not allowed, outside of the folder, or cannot be fetched.
    """
    for path, url, wanted in _named(repository, commit, folder):
        whole = _absolute(str(origin.url), url)
        place = (folder / path).resolve()
        if not place.is_relative_to(folder.resolve()) or place == folder.resolve():
            raise _refused(
                origin, path, "does not lie inside of the repository", "Its .gitmodules is not to be trusted."
            )
        if (wrong := wrong_url(whole, origin.hosts)) is not None:
            raise _refused(origin, path, wrong[0].removesuffix("."), wrong[1])
        if host_of(whole) == "file" != host_of(str(origin.url)):
            why = f"is {safe_url(whole)!r}, a repository of this machine"
            raise _refused(origin, path, why, "What comes from elsewhere reads nothing here.")
        inner = replace(origin, url=whole, branch=None, tag=None, commit=wanted, folder="")
        shutil.copytree(
            fetched(inner, wanted), place, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".mlsm-*")
        )


def _named(repository: Path, commit: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Give path, URL and commit of each submodule."""
    if not (folder / _MODULES).is_file() or (folder / _MODULES).is_symlink():
        return
    said: dict[str, dict[str, str]] = {}
    for entry in git("config", "--file", str(folder / _MODULES), "--list", "--null").split("\0"):
        key, _, value = entry.partition("\n")
        if (found := _KEY.fullmatch(key)) is not None:
            said.setdefault(found[1], {})[found[2]] = value
    commits = {}
    for entry in git("ls-tree", "-r", "-z", commit, cwd=repository).split("\0"):
        what, _, path = entry.partition("\t")
        if what.startswith("160000 commit "):
            commits[path] = what.split()[2]
    for one in said.values():
        if one.get("path") in commits and "url" in one:
            yield one["path"], one["url"], commits[one["path"]]


def _absolute(base: str, url: str) -> str:
    """Give a submodule's URL, which may start from that of its repository.

    Example:
        >>> _absolute("https://git.example.com/acme/models.git", "../tables.git")
        'https://git.example.com/acme/tables.git'
    """
    if not url.startswith(("./", "../")):
        return url
    start, parted, rest = base.partition("://")
    host, mark, path = rest.partition("/") if parted else base.partition(":")  # the other is git@host:acme/models
    joined = posixpath.normpath(posixpath.join(f"/{path}", url)).lstrip("/")
    return f"{start}://{host}/{joined}" if parted else f"{host}{mark}{joined}"


def _refused(origin: Origin, path: str, why: str, hint: str) -> ProjectError:
    return ProjectError(f"The submodule {path!r} of {origin.told!r} {why}.", hint=hint)
