"""What resolves and installs packages: uv where it is present, else Python's own venv and pip."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import util
from pathlib import Path
from typing import Protocol

from mlsm.project.changing import locked

__all__ = ["Installer", "NotInstalled", "installer"]

_TIMEOUT = 3600
_LEFT_OUT = frozenset({
    "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT", "PIP_TARGET",
    "PIP_PREFIX", "PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PIP_REQUIREMENT", "UV_CONSTRAINT", "UV_OVERRIDE",
    "UV_PROJECT_ENVIRONMENT", "UV_SYSTEM_PYTHON", "UV_PYTHON", "PYTHONDONTWRITEBYTECODE",
})  # fmt: skip
"""Variables that speak of somebody's own environment; what names an index, or a way to it, is passed on."""


class NotInstalled(Exception):  # noqa: N818 - told by a tool, raised by its caller as a mistake
    """A tool failed; its log says why."""


class Installer(Protocol):
    """What makes environments."""

    def resolve(self, stated: Sequence[str]) -> list[str]:
        """Find versions that satisfy requirements, each `name==version`."""

    def make(self, folder: Path) -> None:
        """Make an empty environment."""

    def install(self, python: Path, requirements: Sequence[str]) -> None:
        """Install exactly these versions, from caches where they are there, and compile them."""


def installer(home: Path, log: Path) -> Installer:
    """Give what this machine has: uv, else venv and pip.

    Args:
        home: the cache.
        log: the file that gets all that is printed.
    """
    base = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    found = shutil.which("uv")
    return _Uv(found, base, log) if found is not None else _Pip(base, home, log)


class _Uv:
    def __init__(self, uv: str, base: str, log: Path) -> None:
        self._uv = uv
        self._base = base
        self._log = log

    def resolve(self, stated: Sequence[str]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            wanted = _listed(Path(folder), stated)
            out = Path(folder, "found.txt")
            words = ("pip", "compile", "--quiet", "--no-annotate", "--no-header", "--python", self._base)
            _run(self._log, self._uv, *words, "--output-file", str(out), str(wanted))
            lines = [line.partition(";")[0].strip() for line in out.read_text().splitlines()]
        return [_pin(*line.split("==")) for line in lines if "==" in line]

    def make(self, folder: Path) -> None:
        _run(self._log, self._uv, "venv", "--quiet", "--allow-existing", "--python", self._base, str(folder))

    def install(self, python: Path, requirements: Sequence[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            wanted = str(_listed(Path(folder), requirements))
            words = ("pip", "install", "--no-deps", "--compile-bytecode", "--python", str(python), "-r", wanted)
            try:
                _run(self._log, self._uv, *words, "--offline")
            except NotInstalled:
                _run(self._log, self._uv, *words)


class _Pip:
    def __init__(self, base: str, home: Path, log: Path) -> None:
        self._base = base
        self._home = home
        self._log = log

    def resolve(self, stated: Sequence[str]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            wanted, told = _listed(Path(folder), stated), Path(folder, "report.json")
            # A target of its own, so that what is installed here has no say.
            words = ("install", "--dry-run", "--ignore-installed", "--target", str(Path(folder, "target")))
            self._pip(*words, "--report", str(told), "-r", str(wanted))
            report = json.loads(told.read_text())
        return [_pin(one["metadata"]["name"], one["metadata"]["version"]) for one in report["install"]]

    def make(self, folder: Path) -> None:
        _run(self._log, self._base, "-m", "venv", "--without-pip", str(folder))

    def install(self, python: Path, requirements: Sequence[str]) -> None:
        wheels = self._home / "wheels"
        wheels.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            wanted = str(_listed(Path(folder), requirements))
            words = ["--python", str(python), "install", "--no-deps", "--compile", "--no-index"]
            words += ["--find-links", str(wheels), "-r", wanted]
            try:
                self._pip(*words)
            except NotInstalled:
                self._pip("wheel", "--no-deps", "--wheel-dir", str(wheels), "-r", wanted)
                self._pip(*words)

    def _pip(self, *arguments: str) -> None:
        _run(self._log, self._python_with_pip(), "-m", "pip", "--disable-pip-version-check", *arguments)

    def _python_with_pip(self) -> str:
        """Give an interpreter that has pip: this one, else one that is made for that."""
        if util.find_spec("pip") is not None:
            return sys.executable
        tool = self._home / "tools" / "pip"
        python = tool / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        with locked(tool.with_name("pip.lock"), "the installation of pip", patience=600):
            if not (tool / "ready").is_file():
                _run(self._log, self._base, "-m", "venv", "--clear", str(tool))
                (tool / "ready").touch()
        return str(python)


def _listed(folder: Path, requirements: Sequence[str]) -> Path:
    file = folder / "requirements.txt"
    file.write_text("".join(f"{line}\n" for line in requirements))
    return file


def _pin(name: str, version: str) -> str:
    # Written as an index does; `packaging` is not imported, since this is where environments are looked up, too.
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def _run(log: Path, *words: str) -> None:
    """Run a tool, and write what it prints to the log.

    Raises:
        NotInstalled: it failed.
    """
    with log.open("ab") as stream:
        stream.write(f"$ {' '.join(words)}\n".encode())
        stream.flush()
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and the arguments are ours
                words, env=_environment(), cwd=log.parent, stdin=subprocess.DEVNULL, stdout=stream,
                stderr=subprocess.STDOUT, check=False, timeout=_TIMEOUT,
            )  # fmt: skip
        except OSError as error:
            raise NotInstalled(f"{words[0]!r} cannot be started: {error.strerror}.") from error
        except subprocess.TimeoutExpired as error:
            raise NotInstalled(f"{Path(words[0]).name} did not end within {_TIMEOUT} seconds.") from error
    if done.returncode:
        raise NotInstalled(f"{Path(words[0]).name} ended with exit code {done.returncode}. The end of its log:")


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
