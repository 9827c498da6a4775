"""Virtual environments beside the one of the tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

__all__ = ["bare_python", "equipped_python"]


def bare_python(folder: Path) -> Path:
    """Make an environment in which nothing but msgspec is installed, and give its interpreter."""
    packages = _packages(folder)
    shutil.copytree(Path(msgspec.__file__).parent, packages / "msgspec")
    return folder / "bin" / "python"


def equipped_python(folder: Path) -> Path:
    """Make an environment that finds the libraries of this one, and give its interpreter."""
    packages = _packages(folder)
    # A line adds the folder alone: what lies there is not looked through for further lines, as for an editable mlsm.
    (packages / "libraries.pth").write_text(f"{Path(msgspec.__file__).parents[1]}\n")
    return folder / "bin" / "python"


def _packages(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    return packages
