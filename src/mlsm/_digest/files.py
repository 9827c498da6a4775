"""The bytes of a file, or of every file of a folder, as one hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["digest_of_files"]

_CHUNK = 1 << 20
_GOLDEN = "golden.ndjson"


def digest_of_files(path: Path) -> str:
    """Hash a file's bytes, or names and bytes of all files below a folder, into `sha256:<hex>`.

    What Python compiles for itself (`__pycache__`) does not count, nor do golden records that lie
    in the folder (`golden.ndjson`): they say what a model must answer, and change no answer.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    hashed = hashlib.sha256()
    if path.is_dir():
        golden = path / _GOLDEN
        files = (file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        for file in sorted(file for file in files if file != golden):
            hashed.update(f"{file.relative_to(path).as_posix()}:{file.stat().st_size}:".encode())
            _feed(hashed, file)
    else:
        _feed(hashed, path)
    return f"sha256:{hashed.hexdigest()}"


def _feed(hashed: hashlib._Hash, file: Path) -> None:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            hashed.update(chunk)
