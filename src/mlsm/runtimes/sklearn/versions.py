"""Which scikit-learn fitted what a file holds, as the file itself says: nothing of it is loaded."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from mlsm._guard import Raised, attempt

__all__ = ["fitted_with"]

_BYTES_MAX = 64 * 1024 * 1024
"""More is not looked through: an estimator tells its version among its first values."""
_IN_SKOPS = re.compile(rb'"_sklearn_version":[^}]{0,200}?"content": "\\"(\d+\.\d+[0-9A-Za-z.]*)')
_IN_PICKLE = re.compile(
    rb"_sklearn_version(?:\x94|q.|r.{4})?(?:\x8c.|X.{4}|U.)(\d+\.\d+[0-9A-Za-z.]*)",  # memoized, then a text
    re.DOTALL,
)


def fitted_with(path: Path) -> str | None:
    """Give the version, None where the file does not tell it."""
    text = attempt(_text, path)
    if isinstance(text, Raised):
        return None
    found = _IN_SKOPS.search(text) or _IN_PICKLE.search(text)
    return None if found is None else found[1].decode()


def _text(path: Path) -> bytes:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as opened, opened.open("schema.json") as schema:
            return schema.read(_BYTES_MAX)
    with path.open("rb") as opened_file:
        raw = opened_file.read(_BYTES_MAX)
    inflated = attempt(zlib.decompressobj().decompress, raw, _BYTES_MAX)  # as joblib compresses unless told otherwise
    return raw if isinstance(inflated, Raised) else inflated
