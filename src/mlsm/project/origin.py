"""`[[source]]`: a git repository, or a folder of this machine, from which models come."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from mlsm._model import Isolation
from mlsm.project.document import Document
from mlsm.project.forms import shown
from mlsm.project.isolation import ISOLATION_KEYS, said_isolation
from mlsm.project.mistakes import Mistake, listed, nearest

__all__ = ["SOURCES", "Origin", "folder_of", "host_of", "inside", "name_of", "read_origins", "safe_url", "wrong_url"]

SOURCES = "source"
"""The array of tables that names sources: `[[source]]`."""

_KEYS = {
    "name": 'name = "acme"',
    "url": 'url = "https://git.example.com/acme/models.git"',
    "path": 'path = "../models"',
    "branch": 'branch = "develop"',
    "tag": 'tag = "v1.2.0"',
    "commit": 'commit = "8c943b7..." with all 40 digits',
    "folder": 'folder = "scoring"',
    "submodules": "submodules = true",
}
_LIMITS = {name: rule for name, rule in ISOLATION_KEYS.items() if name != "python"}
_SCHEMES = ("https", "http", "ssh", "git", "file")
_SSH_SHORT = re.compile(r"[\w.-]+@([\w.-]+):(?!//).+")
_NAME = re.compile(r"[^\W_][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PASSWORD = re.compile(r"(://)(?:[^/@\s]*@)+")
_QUERY = re.compile(r"(https?://[^\s'\"?#]*)[?#][^\s'\"]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One source, as the project file names it.

    Args:
        name: what the project calls it.
        url: its repository, None where it is a folder of this machine.
        path: that folder, None where it is a repository.
        branch, tag, commit: at most one of them; none is the repository's own branch.
        folder: where in it the models lie, "" for its top.
        submodules: whether repositories inside of it are fetched, too.
        hosts: the only hosts that may be asked, for submodules as well; none for any.
        isolation: where its models run, and what they may use there; where nothing is said, in an
            environment of their own if they state dependencies, else in a process of their own.
        place: where this is said.
    """

    name: str
    url: str | None = None
    path: str | None = None
    branch: str | None = None
    tag: str | None = None
    commit: str | None = None
    folder: str = ""
    submodules: bool = False
    hosts: tuple[str, ...] = ()
    isolation: Isolation = field(default_factory=Isolation)
    place: str = ""

    @property
    def wants(self) -> str:
        """Say which state is wanted, as the lock keeps it."""
        more = " with submodules" if self.submodules else ""
        for kind in ("branch", "tag", "commit"):
            if (value := getattr(self, kind)) is not None:
                return f"{kind} {value}{more}"
        return f"branch{more}" if self.url is not None else "folder"

    @property
    def follows(self) -> bool:
        """Tell whether it follows a branch, so that its versions bear the commit."""
        return self.url is not None and self.tag is None and self.commit is None

    @property
    def inline(self) -> bool:
        """Tell whether its code is imported by whoever loads the project, since the project says so."""
        return self.isolation.rung == "inline"

    @property
    def may_have_environment(self) -> bool:
        """Tell whether its models run in an environment of their own where they state dependencies."""
        return self.isolation.rung in (None, "env")

    def seeing(self, variables: tuple[str, ...]) -> Origin:
        """Give the same source, whose process gets some environment variables."""
        return replace(self, isolation=replace(self.isolation, variables=variables))

    def placed(self, python: Path | None, commit: str) -> Isolation:
        """Say where the models of a commit run: in one process, with the interpreter of their environment if any."""
        if self.inline:
            return self.isolation
        grouped = replace(self.isolation, group=f"{self.name} {commit[:7]}".rstrip())
        if self.isolation.rung == "process":
            return grouped
        return replace(
            grouped, rung="process" if python is None else "env", python=None if python is None else str(python)
        )

    @property
    def told(self) -> str:
        """Say where it is, without what is secret."""
        return safe_url(self.url) if self.url is not None else str(self.path)


def safe_url(url: str) -> str:
    """Write a URL, or text that holds some, without user, password and query, which may be a token.

    Example:
        >>> safe_url("https://ada:secret@git.example.com/acme/models.git?private_token=abc")
        'https://git.example.com/acme/models.git'
    """
    return _QUERY.sub(r"\1", _PASSWORD.sub(r"\1", url))


def host_of(url: str) -> str:
    """Give the host of a repository, `file` for one of this machine.

    Example:
        >>> host_of("git@git.example.com:acme/models.git"), host_of("file:///srv/models")
        ('git.example.com', 'file')
    """
    if short := _SSH_SHORT.fullmatch(url):
        return short[1].lower()
    parts = urlsplit(url)
    return "file" if parts.scheme == "file" else (parts.hostname or "").lower()


def name_of(url: str) -> str:
    """Name a source after its repository.

    Example:
        >>> name_of("https://git.example.com/acme/lead-models.git")
        'lead-models'
    """
    last = re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git")
    return re.sub(r"[^\w.-]", "-", last).lstrip("-._") or "models"


def wrong_url(url: str, hosts: Sequence[str]) -> tuple[str, str] | None:
    """Say what is wrong with a URL, and the way out; None where nothing is."""
    if _SSH_SHORT.fullmatch(url) is None:
        scheme, parted, _ = url.partition("://")
        if not parted or scheme not in _SCHEMES:
            # What is like user:password@host is no URL, and repeated without what it begins with.
            told = url.rpartition("@")[2] if ":" in url.partition("@")[0] and not parted else safe_url(url)
            return (
                f"is {told!r}; expected a URL of git: {listed(_SCHEMES)}, or git@host:path.",
                'A folder is named by path = "../models".',
            )
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            return (
                f"has a host that cannot be read; expected {scheme}://host/path, and a port as a number if any.",
                "User and password do not belong here: git's credential helper, or a key of ssh, knows them.",
            )
        if parts.password is not None or (parts.scheme in ("http", "https") and parts.username is not None):
            return (
                f"holds credentials for {safe_url(url)!r}; expected none in a file that others read.",
                "Leave them out and let git's credential helper, or a key of ssh, know them.",
            )
        if parts.scheme in ("http", "https") and (parts.query or parts.fragment):
            return (
                f"has a query or a fragment behind {safe_url(url)!r}; expected none: it may be a token.",
                "Leave it out and let git's credential helper know what is secret.",
            )
    if hosts and host_of(url) not in [host.lower() for host in hosts]:
        return (
            f"is on the host {host_of(url)!r}, which [git] hosts does not allow; it allows {listed(hosts)}.",
            "Add the host there, if whoever answers for this project agrees.",
        )
    return None


def read_origins(document: Document, hosts: Sequence[str]) -> tuple[list[Origin], list[Mistake]]:
    """Read `[[source]]`; one with a mistake is left out."""
    inside = document.values.get(SOURCES, [])
    if not isinstance(inside, list):
        place = document.place((SOURCES,))
        return [], [Mistake(place, f"{SOURCES!r} is {shown(inside)}; expected tables.", f"Write [[{SOURCES}]].")]
    origins: dict[str, Origin] = {}
    mistakes: list[Mistake] = []
    for number, said in enumerate(inside):
        place = document.place((SOURCES, number))
        wrong = list(_mistakes(document, number, said, hosts))
        if not wrong:
            name = said.get("name") or name_of(said.get("url") or said["path"])
            if name in origins:
                message = f"[[source]] is called {name!r} like the one at {origins[name].place}."
                wrong = [Mistake(place, message, 'Give one of them a name of its own: name = "other".')]
            else:
                values = {key: value for key, value in said.items() if key in _KEYS}
                folder = PurePosixPath(said.get("folder", "")).as_posix()
                values |= {"name": name, "folder": "" if folder == "." else folder}
                limits = {key: said[key] for key in _LIMITS if key in said}
                values["hosts"] = tuple(hosts)
                origins[name] = Origin(**values, isolation=said_isolation(limits, Path()), place=place)
        mistakes += wrong
    return list(origins.values()), mistakes


def _mistakes(document: Document, number: int, said: Any, hosts: Sequence[str]) -> Iterator[Mistake]:
    place = document.place((SOURCES, number))
    if not isinstance(said, dict):
        yield Mistake(place, f"{SOURCES!r} holds {shown(said)}; expected a table.", f"Write [[{SOURCES}]].")
        return
    for name, value in said.items():
        yield from _misvalued(document.place((SOURCES, number, name)), name, value, hosts)
    if ("url" in said) == ("path" in said):
        what = "both url and path" if "url" in said else "neither url nor path"
        yield Mistake(place, f"[[source]] has {what}; expected one of them.", f"Write {_KEYS['url']}.")
    states = [key for key in ("branch", "tag", "commit") if key in said]
    if len(states) > 1:
        yield Mistake(place, f"[[source]] has {' and '.join(states)}; expected one of them.", "Remove the others.")
    if states and "path" in said and "url" not in said:
        yield Mistake(place, f"[[source]] has a path and a {states[0]}; expected a url.", f"Write {_KEYS['url']}.")


def _misvalued(here: str, name: str, value: Any, hosts: Sequence[str]) -> Iterator[Mistake]:
    """Hold one key and its value against what may stand there."""
    if name in _LIMITS:
        if not _LIMITS[name][0](value):
            told = f"[[source]] {name} is {shown(value)}, which cannot be meant here."
            yield Mistake(here, told, f"Write {_LIMITS[name][1]}.")
    elif name not in _KEYS:
        near = nearest(name, [*_KEYS, *_LIMITS])
        message = f"[[source]] has no key {name!r}; expected one of {listed([*_KEYS, *_LIMITS], 20)}."
        yield Mistake(here, message, f"Did you mean {near!r}?" if near else "Remove it.")
    elif name == "submodules":
        if not isinstance(value, bool):
            yield Mistake(here, f"[[source]] submodules is {shown(value)}; expected true or false.", "Write true.")
    elif not isinstance(value, str) or not value:
        yield Mistake(here, f"[[source]] {name} is {shown(value)}; expected text in quotes.", f"Write {_KEYS[name]}.")
    elif (wrong := _wrong(name, value, hosts)) is not None:
        yield Mistake(here, f"[[source]] {name} {wrong[0]}", wrong[1])


def _wrong(name: str, value: str, hosts: Sequence[str]) -> tuple[str, str] | None:
    if name in ("url", "path"):
        return wrong_url(value, hosts) if name == "url" else _wrong_path(value)
    if name == "name" and _NAME.fullmatch(value) is None:
        return f"is {value!r}; expected letters, digits, '.', '_' and '-'.", f"Write {_KEYS['name']}."
    if name == "commit" and _COMMIT.fullmatch(value) is None:
        return f"is {value!r}; expected a whole commit.", f"Write {_KEYS['commit']}."
    if name in ("branch", "tag") and (value.startswith("-") or re.search(r"[\s~^:?*\[\\]|\.\.", value)):
        return f"is {value!r}; expected the name of a {name}.", f"Write {_KEYS[name]}."
    if name == "folder" and not inside(value):
        return f"is {value!r}; expected a folder inside of the repository.", f"Write {_KEYS['folder']}."
    return None


def _wrong_path(path: str) -> tuple[str, str] | None:
    if "://" not in path:
        return None
    return f"is the URL {safe_url(path)!r}; expected a folder of this machine.", f"Write {_KEYS['url']}."


def inside(folder: str) -> bool:
    """Tell whether a folder of a repository is inside of it.

    Example:
        >>> inside("scoring"), inside("../elsewhere"), inside("/srv")
        (True, False, False)
    """
    path = PurePosixPath(folder)
    return not path.is_absolute() and ".." not in path.parts


def folder_of(origin: Origin, project: Path) -> Path:
    """Give the folder of a source that is a folder of this machine."""
    return (project / str(origin.path) / origin.folder).resolve()
