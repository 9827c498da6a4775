"""A way to run commands without root's power to write anywhere."""

from __future__ import annotations

import os
import shutil

import pytest

__all__ = ["powerless"]


def powerless() -> list[str]:
    """Give what takes from root the power to write where nobody may; others have none."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root may write anywhere, and there is no setpriv to take that from it")
    return [setpriv, "--bounding-set=-all", "--inh-caps=-all"]
