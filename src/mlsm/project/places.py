"""Where checkouts and environments are kept on this machine, shared between projects."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["cache_home"]


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
