"""Environments of sources: looked up, locked, looked up again, built where they stay.

An environment is keyed by the versions that it holds, the interpreter and the platform, and
shared between projects. It counts once its marker is there, which is written last and names
the folder; what a killed build left is never looked at, and taken away by the next one.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from mlsm.errors import ProjectError
from mlsm.project.changing import locked, replace_file
from mlsm.project.installers import NotInstalled, installer

__all__ = [
    "MARKER",
    "Marker",
    "altered",
    "environment",
    "environment_folder",
    "find_environment",
    "python_version",
    "resolved",
]

MARKER = "environment.json"
_LOG = "build.log"
_PATIENCE = 1800.0
"""Seconds to wait for another process that builds the same: large libraries take minutes to fetch."""
_SHOWN_LINES = 15
_PACKAGES = "Lib/site-packages/*.dist-info" if sys.platform == "win32" else "lib/python*/site-packages/*.dist-info"


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What is written beside an environment once it is whole."""

    folder: str
    requirements: tuple[str, ...]
    python: str


def python_version() -> str:
    """Give the version of the interpreter that environments are made with: this one's."""
    return platform.python_version()


def environment_folder(requirements: Sequence[str], home: Path) -> Path:
    """Give the folder of the cache in which an environment, its marker and its log lie."""
    return home / "environments" / _hashed(*sorted(requirements), *_interpreter())


def find_environment(requirements: Sequence[str], home: Path) -> Path | None:
    """Give the interpreter of an environment that is on this machine, None where it is not."""
    base = environment_folder(requirements, home)
    try:
        marker = msgspec.json.decode((base / MARKER).read_bytes(), type=Marker)
    except (OSError, msgspec.MsgspecError):
        return None
    python = _python(base / marker.folder)
    return python if python.exists() else None


def altered(requirements: Sequence[str], home: Path) -> str:
    """Say in what an environment of this machine differs from the versions that it was built of; "" where in nothing.

    Whoever installs into it changes what models answer, and no file of theirs tells of that.
    """
    python = find_environment(requirements, home)
    if python is None:
        return ""
    held = {}
    for found in python.parents[1].glob(_PACKAGES):
        name, _, version = found.name.removesuffix(".dist-info").partition("-")
        held[_normal(name)] = version
    for requirement in requirements:
        name, _, version = requirement.partition("==")
        if not _same(held.pop(_normal(name), ""), version):
            return f"other files of {name} than of version {version}"
    return f"{', '.join(sorted(held))} besides" if held else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _same(held: str, wanted: str) -> bool:
    if held == wanted:
        return True
    from packaging.version import InvalidVersion, Version  # a tenth of a second that is seldom needed

    try:
        return Version(held.replace("_", "-")) == Version(wanted)
    except InvalidVersion:
        return False


def environment(
    requirements: Sequence[str], home: Path, called: str, tell: Callable[[str], None] | None = None
) -> Path:
    """Give the interpreter of an environment, built where it is not here.

    Args:
        requirements: the versions that it holds, each `name==version`.
        home: the cache.
        called: what needs it, for messages.
        tell: is told where it is built, which may take minutes.

    Raises:
        ProjectError: it cannot be built; the end of the log is told, and where the whole of it is.
    """
    found = find_environment(requirements, home)
    if found is not None:
        return found
    base = environment_folder(requirements, home)
    with locked(base.with_name(f"{base.name}.lock"), f"the environment of {called!r}", patience=_PATIENCE):
        found = find_environment(requirements, home)
        if found is not None:
            return found
        if tell is not None:
            tell(f"Building the environment of {called!r} with {len(requirements)} packages ...")
        return _built(requirements, home, base, called)


def _built(requirements: Sequence[str], home: Path, base: Path, called: str) -> Path:
    base.mkdir(parents=True, exist_ok=True)
    for left in base.iterdir():
        if left.is_dir():  # of a build that was killed, or whose interpreter is gone
            shutil.rmtree(left, ignore_errors=True)
    log = base / _LOG
    log.write_text("")
    folder = Path(tempfile.mkdtemp(prefix="env-", dir=base))
    try:
        tool = installer(home, log)
        tool.make(folder)
        tool.install(_python(folder), sorted(requirements))
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, NotInstalled):
            raise _failed(f"The environment of {called!r} cannot be built", error, log) from None
        raise
    marker = Marker(folder=folder.name, requirements=tuple(sorted(requirements)), python=python_version())
    replace_file(base / MARKER, msgspec.json.encode(marker))
    return _python(folder)


def resolved(stated: Sequence[str], home: Path, called: str, *, again: bool) -> tuple[str, ...]:
    """Find the versions that satisfy what is stated, each as `name==version`.

    Args:
        stated: requirements.
        home: the cache, which remembers what was found.
        called: what states them, for messages.
        again: whether newer versions may be found than are remembered.

    Raises:
        ProjectError: there are none, or they cannot be found out.
    """
    key = _hashed(*sorted(stated), *_interpreter())
    kept = home / "resolutions" / f"{key}.json"
    if not again and (found := _remembered(kept)):
        return found
    kept.parent.mkdir(parents=True, exist_ok=True)
    log = kept.with_suffix(".log")
    log.write_text("")
    try:
        found = tuple(sorted(installer(home, log).resolve(sorted(stated))))
    except NotInstalled as error:
        raise _failed(f"The dependencies of {called!r} cannot be resolved", error, log) from None
    replace_file(kept, msgspec.json.encode(found))
    return found


def _remembered(kept: Path) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(kept.read_bytes(), type=tuple[str, ...])
    except (OSError, msgspec.MsgspecError):
        return ()


def _failed(what: str, error: NotInstalled, log: Path) -> ProjectError:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return ProjectError(
        f"{what}: {error}",
        problems=lines[-_SHOWN_LINES:],
        hint=f"The whole log is {str(log)!r}. Mend the dependencies there, or see whether the index can be reached.",
    )


def _interpreter() -> tuple[str, ...]:
    """Name what decides which files an environment gets."""
    return platform.python_version(), sys.implementation.name, str(_base_python()), sysconfig.get_platform()


def _base_python() -> Path:
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _hashed(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
