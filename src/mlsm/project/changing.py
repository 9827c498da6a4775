"""One change of a project's files at a time, each as one atomic replacement."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlsm.errors import ProjectError
from mlsm.project.document import MANIFEST
from mlsm.project.lock import LOCK
from mlsm.project.places import OWN, make_folder

__all__ = ["append_line", "held_project", "locked", "replace_file"]

_PATIENCE = 60.0
"""Seconds to wait for another command; what is done under a project's lock takes milliseconds."""
_GLANCE = 0.02


@contextmanager
def locked(file: Path, what: str, patience: float = _PATIENCE) -> Iterator[None]:
    """Hold a lock that ends with the process, however that ends.

    Args:
        file: the lock's file; it stays, since removing it would let two hold the lock.
        what: what is locked, for the message.
        patience: seconds to wait for another holder.

    Raises:
        ProjectError: another process holds it all the while.
    """
    make_folder(file.parent)
    until = time.monotonic() + patience
    with file.open("ab") as stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > until:
                    message = f"Another command has been changing {what} for {patience:.0f} seconds."
                    raise ProjectError(message, hint="Wait until it is done, or end it.") from error
                time.sleep(_GLANCE)
        yield  # closing the file lets go of the lock


@contextmanager
def held_project(folder: Path, patience: float = _PATIENCE) -> Iterator[None]:
    """Hold the lock under which a project's files change; what a killed command left beside them goes.

    Args:
        folder: the project's folder.
        patience: seconds to wait for another command.

    Raises:
        ProjectError: another command is changing them all the while.
    """
    with locked(folder / OWN / "changing.lock", f"project {str(folder)!r}", patience):
        for name in (MANIFEST, LOCK):
            target = (folder / name).resolve()
            for left in target.parent.glob(f".{target.name}.*.new"):
                left.unlink(missing_ok=True)
        yield


def replace_file(file: Path, content: bytes) -> None:
    """Put new content in a file's place: whoever reads it sees the old or the new, never between."""
    target = file.resolve()  # a link stays one
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        made.chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o644)
        made.replace(target)
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise
    _sync_folder(target.parent)


def append_line(file: Path, line: bytes) -> None:
    """Add a whole line to a file; half of one that a killed process left there is cut off."""
    with file.open("ab+") as stream:
        end = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        content = stream.read(end)
        whole = content.rfind(b"\n") + 1
        if whole != end:
            stream.truncate(whole)
        stream.write(line + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
