"""What PostgreSQL's and the driver's errors mean here: each becomes a StoreError with the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlsm.errors import StoreAwayError, StoreError

if TYPE_CHECKING:
    from adbc_driver_manager import Error

__all__ = ["is_away", "translation"]

_SAFE = "What was committed before is safe."
_AWAY = re.compile(
    r"Connection refused|could not connect|No such file or directory|server closed the connection"
    r"|terminating connection"
    r"|connection to server|could not translate host|timeout expired|is starting up|is shutting down|in recovery mode"
    r"|no connection to the server|SSL (connection has been closed|SYSCALL)|could not (receive|send)|Connection reset"
    r"|Broken pipe|lost synchronization|bad connection",
)
_MEANT: tuple[tuple[str, str, str], ...] = (
    (
        r"password authentication failed|no password supplied|28P01|28000|pg_hba",
        "Could not open the store {shown!r}: the server does not accept this user or password.",
        "Check the user in the URL, and the password in PGPASSWORD or the password file.",
    ),
    (
        r'database "[^"]*" does not exist|3D000',
        "Could not open the store {shown!r}: the server has no such database.",
        "Make it (createdb), or check the URL.",
    ),
    (
        r'role "[^"]*" does not exist',
        "Could not open the store {shown!r}: the server knows no such user.",
        "Check the user in the URL.",
    ),
    (
        r"No space left|disk full|53100|53200",
        f"Could not write to the store {{shown!r}}: the server's disk is full. {_SAFE}",
        "Free some space there, then run this again with --resume.",
    ),
    (
        r"read-only transaction|25006",
        "Could not write to the store {shown!r}: the server may only be read (it may be a stand-by).",
        "Name the server that takes writes.",
    ),
    (
        r"permission denied|42501",
        "Could not use the store {shown!r}: this user lacks a right there.",
        "Grant the user CREATE on the database, or USAGE and the tables of the schema.",
    ),
    (
        r"23505|23502",
        "Could not write to the store {shown!r}: a part has a record twice, or a value that none may be without.",
        "Each record may come once in a part.",
    ),
)


def is_away(error: Error) -> bool:
    """Tell whether the server is out of reach, rather than refusing what was asked."""
    text = str(error)
    if any(re.search(pattern, text) for pattern, *_ in _MEANT):
        return False
    return getattr(error, "sqlstate", None) in {"57P01", "57P02", "57P03"} or _AWAY.search(text) is not None


def translation(error: Error, shown: str) -> StoreError:
    """Say what an error means for the store of a URL; what the server said follows, without secrets."""
    told = " ".join(str(error).split())
    for pattern, message, hint in _MEANT:
        if re.search(pattern, told):
            return StoreError(f"{message.format(shown=shown)} {_said(told)}", hint=hint)
    if is_away(error):
        return StoreAwayError(
            f"Could not reach the store {shown!r}. {_SAFE} {_said(told)}",
            hint="See that the server runs and can be reached, then run this again with --resume.",
        )
    return StoreError(f"Could not use the store {shown!r}. {_said(told)}")


def _said(told: str) -> str:
    """Quote the server's own sentence, without the values of rows that it may show."""
    found = re.search(r"(?:FATAL|ERROR|PANIC): +(.*?)(?= (?:DETAIL|HINT|CONTEXT|LINE \d+):|\. SQLSTATE|$)", told)
    text = found[1] if found else re.sub(r"^[A-Z_]+: \[libpq\] ", "", told)
    text = re.sub(r"Failed to execute query '.*?':", "", text)
    return f"PostgreSQL says: {text.strip().rstrip('.')[:300]}."
