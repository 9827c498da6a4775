"""What PostgreSQL's and the driver's errors mean here: each becomes a StoreError with the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mlsm.errors import StoreAwayError, StoreError

if TYPE_CHECKING:
    from adbc_driver_manager import Error

__all__ = ["is_away", "translation"]

_SAFE = "What was committed before is safe."
_AWAY = re.compile(
    r"Connection refused|could not connect|No such file or directory|server closed the connection"
    r"|terminating connection"
    r"|connection to server|could not translate host name|timeout expired|is starting up|is shutting down"
    r"|in recovery mode|no connection to the server|SSL (connection has been closed|SYSCALL)|could not (receive|send)"
    r"|Connection reset|Broken pipe|lost synchronization|bad connection",
)


_REFUSED = re.compile(r"connection to server (?:at|on) .*? failed: \S+: {2}")
"""A server's own answer to who connects, in whatever language it has: its word for FATAL has two blanks behind it."""
_STARTING = re.compile(r"is starting up|is shutting down|in recovery mode|terminating connection")


class _Meaning(NamedTuple):
    """What an error means, known by its code, or where there was no connection yet by what is said."""

    codes: frozenset[str]
    said: str
    message: str
    hint: str


_MEANT = (
    _Meaning(
        frozenset({"28P01"}),
        r"password authentication failed|no password supplied",
        "Could not open the store {shown!r}: the server does not accept this user or password.",
        "Check the user in the URL, and the password in PGPASSWORD or the password file.",
    ),
    _Meaning(
        frozenset({"28000"}),
        r"pg_hba",
        "Could not open the store {shown!r}: the server admits no such connection.",
        "Check user, database and sslmode in the URL; pg_hba.conf on the server says who may connect, and how.",
    ),
    _Meaning(
        frozenset({"3D000"}),
        r'database "[^"]*" does not exist',
        "Could not open the store {shown!r}: the server has no such database.",
        "Make it (createdb), or check the URL.",
    ),
    _Meaning(
        frozenset(),
        r'role "[^"]*" does not exist',
        "Could not open the store {shown!r}: the server knows no such user.",
        "Check the user in the URL.",
    ),
    _Meaning(
        frozenset(),
        r"certificate|root\.crt|does not support SSL|private key|unsupported protocol|wrong version number"
        r"|tls\w* alert|handshake",
        "Could not open the store {shown!r}: no TLS connection came about.",
        "Check sslmode in the URL or PGSSLMODE, and that sslrootcert names the file of the authority"
        " which issued the server's certificate.",
    ),
    _Meaning(
        frozenset(),
        r"service file|of service|invalid URI|invalid port|invalid \w+ value|invalid integer value"
        r"|for connection option",
        "Could not open the store {shown!r}: one of its settings cannot be used.",
        "Check the options in the URL, the variables PG…, and the service file that PGSERVICEFILE names"
        " (~/.pg_service.conf).",
    ),
    _Meaning(
        frozenset({"53100", "53200"}),
        r"No space left",
        f"Could not write to the store {{shown!r}}: the server's disk is full. {_SAFE}",
        "Free some space there, then run this again with --resume.",
    ),
    _Meaning(
        frozenset({"25006"}),
        r"read-only transaction",
        "Could not write to the store {shown!r}: the server may only be read (it may be a stand-by).",
        "Name the server that takes writes.",
    ),
    _Meaning(
        frozenset({"42501"}),
        r"permission denied",
        "Could not use the store {shown!r}: this user lacks a right there.",
        "Grant the user CREATE on the database, or USAGE and the tables of the schema.",
    ),
)
_ONCE_A_PART = {"result_pkey", "kept_pkey", "record_record_id_key"}
"""What a record breaks that is twice in a part; the last one if the store does not know it yet."""


def is_away(error: Error) -> bool:
    """Tell whether the server is out of reach, rather than refusing what was asked."""
    if _meaning(error) is not None:
        return False
    return error.sqlstate in {"57P01", "57P02", "57P03"} or _AWAY.search(str(error)) is not None


def translation(error: Error, shown: str) -> StoreError:
    """Say what an error means for the store of a URL; what the server said follows, without secrets."""
    said = _said(str(error))
    meaning = _meaning(error)
    if meaning is not None:
        return StoreError(f"{meaning.message.format(shown=shown)} {said}", hint=meaning.hint)
    if _REFUSED.search(str(error)) and not error.sqlstate and not _STARTING.search(str(error)):
        return StoreAwayError(
            f"Could not open the store {shown!r}: a server is there, and admits nobody so. {said}",
            hint="Check user, password, database, and how many connections the server takes; where it only starts or"
            " stops, run this again later.",
        )
    if is_away(error):
        return StoreAwayError(
            f"Could not reach the store {shown!r}. {_SAFE} {said}",
            hint="See that the server runs and can be reached, then run this again; a run goes on with --resume.",
        )
    if _constraint(error) in _ONCE_A_PART:
        return StoreError(
            f"Could not write to the store {shown!r}: a part has a record twice. {said}",
            hint="Each record may come once in a part.",
        )
    if (error.sqlstate or "").startswith("23"):
        return StoreError(
            f"Could not write to the store {shown!r}: its tables do not take what was to be written. {_SAFE} {said}",
            hint="Run this again with --resume; if it ends so again, `mlsm store check` looks for faults.",
        )
    return StoreError(
        f"Could not use the store {shown!r}. {said}",
        hint=f"The server's log may say more of it. {_SAFE}",
    )


def _meaning(error: Error) -> _Meaning | None:
    # With a code, the text may hold anything: names, and values of rows.
    text = "" if error.sqlstate else str(error)
    for meaning in _MEANT:
        if error.sqlstate in meaning.codes or re.search(meaning.said, text):
            return meaning
    return None


def _constraint(error: Error) -> str | None:
    told: dict[str | bytes, str | bytes] = dict(error.details or ())
    name = told.get(b"PG_DIAG_CONSTRAINT_NAME", told.get("PG_DIAG_CONSTRAINT_NAME"))
    return name.decode() if isinstance(name, bytes) else name


def _said(text: str) -> str:
    """Quote the server's own sentence, without the values of rows that it may show."""
    told = " ".join(text.split())
    found = re.search(r"(?:FATAL|ERROR|PANIC): +(.*?)(?= (?:DETAIL|HINT|CONTEXT|LINE \d+):|\. SQLSTATE|$)", told)
    if found:
        quoted = found[1]
    else:
        # Each host has a line; what follows it are questions and advice, which are ours to give.
        lines = [line for line in text.splitlines() if line and not line.startswith(("\t", "Either "))]
        quoted = re.sub(r"^[A-Z_]+: \[libpq\] (Failed to connect: )?", "", "; ".join(lines))
    quoted = re.sub(r"Failed to execute query '.*?':", "", quoted)
    return f"PostgreSQL says: {quoted.strip().rstrip('.')[:300]}."
