"""Where mlsm 0.0.4 is installed: an environment of its own, made once and kept."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / "mlsm-0.0.4"


def original_python() -> tuple[str | None, str]:
    """Give a Python that imports mlsm 0.0.4, or None and the reason.

    `MLSM_ORIGINAL_PYTHON` names one; else it is installed into a folder for temporary files.
    """
    named = os.environ.get("MLSM_ORIGINAL_PYTHON")
    if named:
        return named, "named by MLSM_ORIGINAL_PYTHON"
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not works(python):
        try:
            install(python)
        except (OSError, subprocess.SubprocessError) as error:
            return None, f"mlsm 0.0.4 cannot be installed: {last_line(error)}"
    return (str(python), "installed for this benchmark") if works(python) else (None, "mlsm 0.0.4 cannot be imported")


def works(python: Path) -> bool:
    """Tell whether this Python imports mlsm 0.0.4."""
    command = [str(python), "-c", "import mlsm; assert mlsm.__version__ == '0.0.4'"]
    return python.exists() and subprocess.run(command, check=False, capture_output=True).returncode == 0


def install(python: Path) -> None:
    """Install mlsm 0.0.4; it cannot be built with newer setuptools, nor run with newer pymongo."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PIP_") or "INDEX" in name}
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True, capture_output=True)
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    for wanted in (
        ["tqdm", "pymongo<4", "setuptools<72", "wheel"],
        ["--no-build-isolation", "--no-deps", "mlsm==0.0.4"],
    ):
        subprocess.run([*pip, *wanted], check=True, capture_output=True, text=True, env=environ)


def last_line(error: Exception) -> str:
    """Give the last line that a failed command wrote, or the error itself."""
    written = getattr(error, "stderr", None)
    text = written.decode(errors="replace") if isinstance(written, bytes) else written or str(error)
    lines = [line for line in str(text).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
