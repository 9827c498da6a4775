"""What SQLite's errors mean here: each becomes a StoreError with the way out."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlsm.errors import StoreAwayError, StoreError

__all__ = ["refuse_misplaced", "translated", "translation"]

_PRIMARY = 0xFF
"""The low byte of an error's code is its class; the rest tells which of that class."""


_SAFE = "What was committed before is safe."
_MEANT: dict[int, tuple[type[StoreError], str, str]] = {
    sqlite3.SQLITE_BUSY: (
        StoreAwayError,
        "Could not get hold of the store {path!r}: another process kept it locked for too long.",
        "Wait until the other process is done, or stop it; then run this again.",
    ),
    sqlite3.SQLITE_NOTADB: (
        StoreError,
        "Could not read the store {path!r}: it is no SQLite database, or a damaged one.",
        "Check the path; replace a damaged store by a copy of it.",
    ),
    sqlite3.SQLITE_FULL: (
        StoreError,
        f"Could not write to the store {{path!r}}: the disk is full. {_SAFE}",
        "Free some space, then run this again with --resume.",
    ),
    sqlite3.SQLITE_IOERR: (
        StoreError,
        f"Could not read or write the store {{path!r}}: the disk failed, or a limit on it was reached. {_SAFE}",
        "Look at the disk and its free space, then run this again with --resume.",
    ),
    sqlite3.SQLITE_READONLY: (
        StoreError,
        "Could not use the store {path!r}: the file or its folder may only be read, or not even that.",
        "Give yourself the right to write to the file and its folder, or choose another store.",
    ),
    sqlite3.SQLITE_CONSTRAINT: (
        StoreError,
        f"Could not write to the store {{path!r}}: its tables do not take what was to be written. {_SAFE}",
        "Run this again with --resume; if it ends so again, `mlsm store check` looks for faults.",
    ),
}
_ONCE_A_PART = re.compile(r"UNIQUE constraint failed: (result\.seq|kept\.seq|record\.record_id)")
"""What a record breaks that is twice in a part; the last one if the store does not know it yet."""
_LIKE = {
    sqlite3.SQLITE_LOCKED: sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CORRUPT: sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM: sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_AUTH: sqlite3.SQLITE_READONLY,
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise what sqlite3 raises within as a StoreError about this file."""
    try:
        yield
    except sqlite3.Error as error:
        raise translation(error, path) from error


def translation(error: sqlite3.Error, path: Path) -> StoreError:
    """Say what an error of sqlite3 means for the store in this file."""
    # Errors that the sqlite3 module raises by itself have no code.
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    told = f"SQLite says: {error}."
    if code == sqlite3.SQLITE_CANTOPEN:
        if not path.exists():
            return StoreError(
                f"Could not open the store {str(path)!r}: there is no such file, and none can be made there. {told}",
                hint="Check the path and the rights to write to its folder.",
            )
        code = sqlite3.SQLITE_READONLY
    if _ONCE_A_PART.search(told):
        return StoreError(
            f"Could not write to the store {str(path)!r}: a part has a record twice. {told}",
            hint="Each record may come once in a part.",
        )
    meant = _MEANT.get(_LIKE.get(code, code))
    if meant is None:
        return StoreError(
            f"Could not use the store {str(path)!r}. {told}",
            hint=f"Look at the file, its folder and the disk; `mlsm store check` looks for faults. {_SAFE}",
        )
    kind, message, hint = meant
    return kind(f"{message.format(path=str(path))} {told}", hint=hint)


def refuse_misplaced(path: Path) -> None:
    """Refuse a path that cannot be a store's, which SQLite would call a failure of the disk."""
    if not path.parent.is_dir():
        raise StoreError(
            f"Could not open the store {str(path)!r}: there is no folder {str(path.parent)!r}.",
            hint="Make the folder, or check the path.",
        )
    if path.is_dir():
        raise StoreError(
            f"Could not open the store {str(path)!r}: it is a folder; expected a file, or a path where none is yet.",
            hint="Write the name of a file in it, such as 'leads.db'.",
        )
