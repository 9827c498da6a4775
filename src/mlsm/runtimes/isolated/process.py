"""Start a worker's process and end it; what of ours it inherits is listed here."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any

from mlsm._model import Isolation
from mlsm.runtimes.isolated.protocol import readable

__all__ = ["INHERITED", "WorkerProcess"]

INHERITED = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS",
    "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "CUDA_VISIBLE_DEVICES", "PYTHONHASHSEED",
    "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONWARNINGS",
})  # fmt: skip
"""Environment variables that a worker inherits, besides those that begin with `LC_`."""

_PACKAGE = Path(__file__).resolve().parents[2]
# Only `mlsm` itself is brought along: what lies beside it belongs to another environment.
# It may be an old Python's, which has to be able to read this.
_BOOT = (
    "import sys; from importlib import util; sys.path[:1] = [p for p in sys.path[:1] if p]; "
    "sys.version_info >= (3, 11) or sys.exit(87); util.find_spec('msgspec') or sys.exit(86); "
    "s = util.spec_from_file_location('mlsm', sys.argv[1] + '/__init__.py', submodule_search_locations=[sys.argv[1]]); "
    "m = sys.modules['mlsm'] = util.module_from_spec(s); s.loader.exec_module(m); "
    "from mlsm.runtimes.isolated import worker as mlsm_worker; mlsm_worker.main(sys.argv[2:])"
)
_END_SECONDS = 5.0
_MEMORY = 1 << 16
_BOOT_EXITS = {
    86: "there is no msgspec in its environment, which is all that mlsm needs there",
    87: "the Python of its environment is older than 3.11",
}


class WorkerProcess:
    """A worker's process and the ends of its pipes.

    Args:
        name: the model's, for what it prints.
        isolation: the interpreter, the memory and the variables.
    """

    def __init__(self, name: str, isolation: Isolation) -> None:
        theirs_request, self.request = os.pipe()
        self.reply, theirs_reply = os.pipe()
        theirs_lifeline, lifeline = os.pipe()
        self._status, theirs_status = os.pipe()
        printed, prints = os.pipe()
        cell, self.cell = _shared_cell()
        theirs = (theirs_request, theirs_reply, cell, theirs_lifeline, theirs_status, printed, prints)
        *_, memory = isolation.limits
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - the interpreter is ours, or the one that the user names
                [
                    isolation.python or sys.executable, "-c", _BOOT, str(_PACKAGE),
                    *map(str, (*theirs, memory or 0)), name,
                ],
                env=_environment(isolation.variables), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                pass_fds=theirs, start_new_session=True,
            )  # fmt: skip
        except OSError:
            for fd in (self.request, self.reply, lifeline, self._status):
                os.close(fd)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        ends = (lifeline, self.request, self.reply, self._status)
        self._finalizer = weakref.finalize(self, _end, self._popen, ends)
        self._death: str | None = None

    @property
    def pid(self) -> int:
        """Give the process id of the keeper, which leads the worker's session."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Tell whether it was not ended, nor died as far as we know."""
        return self._finalizer.alive and self._popen.poll() is None

    def end(self) -> None:
        """Kill the worker and its children; nothing is left of them when this returns."""
        self._finalizer()

    def death(self) -> str:
        """Wait for the end of a worker that closed its pipes, and tell how it died."""
        if self._death is None:
            status = os.read(self._status, 8) if readable(self._status, _END_SECONDS) else b""
            self.end()
            code = int.from_bytes(status, "little", signed=True) if status else None
            self._death = _BOOT_EXITS.get(self._popen.returncode) or _told(code)
        return self._death


def _end(popen: subprocess.Popen[bytes], ends: tuple[int, ...]) -> None:
    """Let go of the lifeline: the keeper kills what there is, and goes."""
    for fd in ends:
        with contextlib.suppress(OSError):
            os.close(fd)
    try:
        popen.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGKILL)
        popen.wait()


def _told(status: int | None) -> str:
    if status is None:
        return "its process was killed"
    if status == _MEMORY:
        return "its process used more memory than its limit"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name
        hint = ", as the kernel does where memory is short" if number == signal.SIGKILL else ""
        return f"its process was killed by {name}{hint}"
    return f"its process ended with exit code {os.waitstatus_to_exitcode(status)}"


def _environment(variables: tuple[str, ...]) -> dict[str, str]:
    wanted = INHERITED.union(variables)
    return {name: value for name, value in os.environ.items() if name in wanted or name.startswith("LC_")}


def _shared_cell() -> tuple[int, memoryview]:
    """Make a page that both processes see, and no file is left of."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("mlsm")
    else:
        fd, path = tempfile.mkstemp()
        Path(path).unlink()
    os.ftruncate(fd, mmap.PAGESIZE)
    view: Any = memoryview(mmap.mmap(fd, mmap.PAGESIZE)).cast("Q")
    return fd, view
