"""Where a project keeps what is its own, and where checkouts and environments are, shared between projects."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

__all__ = ["OWN", "cache_home", "make_folder"]

OWN = ".mlsm"
"""The folder in a project for locks and logs, which can be made again."""


def cache_home(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the folder of the cache: `MLSM_HOME`, else where the platform keeps caches.

    Example:
        >>> cache_home({"MLSM_HOME": "/srv/mlsm"}).as_posix()
        '/srv/mlsm'
    """
    if said := environ.get("MLSM_HOME"):
        return Path(said).expanduser().resolve()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mlsm"
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "mlsm" / "cache"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlsm"


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; a project's own keeps itself out of git, whoever wrote the project."""
    folder.mkdir(parents=True, exist_ok=True)
    own = next((one for one in (folder, *folder.parents) if one.name == OWN), None)
    if own is not None:
        with suppress(FileExistsError), (own / ".gitignore").open("x") as stream:
            stream.write("*\n")
