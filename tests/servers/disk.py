"""A small disk of the tests: a file system in memory, mounted where this process may do so."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["SmallDisk", "can_mount", "small_disk"]


class SmallDisk:
    """A disk that can be filled and cleared.

    Args:
        folder: where it is mounted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, left: int) -> None:
        """Leave only so many bytes free."""
        self.clear()
        with self._filler.open("wb") as file:
            free = shutil.disk_usage(self.folder).free - left
            os.posix_fallocate(file.fileno(), 0, free)

    def clear(self) -> None:
        """Free what was filled."""
        self._filler.unlink(missing_ok=True)


def can_mount() -> bool:
    """Tell whether this process may mount a file system."""
    with tempfile.TemporaryDirectory() as folder:
        if not _run("mount", "-t", "tmpfs", "-o", "size=64k", "none", folder):
            return False
        return _run("umount", folder)


@contextmanager
def small_disk(size: str) -> Iterator[SmallDisk]:
    """Mount a disk of a size such as `200m`, and take it away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    mounted = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder))
    assert mounted
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "--lazy", str(folder))
        folder.rmdir()


def _run(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
