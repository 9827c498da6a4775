"""What the driver's errors mean here: each becomes a StoreError with the way out, and without a password."""

from __future__ import annotations

import re
from typing import Any

from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DocumentTooLarge,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from mlsm.errors import StoreAwayError, StoreError

__all__ = ["DUPLICATE", "is_away", "only_duplicates", "refused_file", "refused_url", "translation", "unanswered"]

DUPLICATE = 11000
_SHUTTING_DOWN = {91, 189, 11600, 11602, 10107, 13435, 13436, 6, 7, 89, 9001}
_SAFE = "What was committed before is safe."
_SET = "Leave replicaSet out of the URL where a server stands alone; write the name of a set as its servers have it."
_MEANT: tuple[tuple[frozenset[int], tuple[str, ...], str, str], ...] = (
    (
        frozenset({18, 8000}),
        (),
        "Could not open the store {url!r}: the server does not accept the user or the password.",
        "Check both, and authSource in the URL: the database in which the user was made, often admin.",
    ),
    (
        frozenset({13}),
        (),
        "Could not use the store {url!r}: the user has no right to do this there, or has not logged in.",
        "Give the user the role readWrite on the database; to only read, read is enough.",
    ),
    (
        frozenset({14031}),
        ("no space left", "not enough space", "disk full"),
        f"Could not write to the store {{url!r}}: the server's disk is full. {_SAFE}",
        "Free some space there, then run this again with --resume.",
    ),
    (
        frozenset({64, 79, 100}),
        ("cannot use 'w' > 1",),
        "Could not write to the store {url!r}: fewer servers took the write than w in its URL asks for.",
        "Leave w out of the URL: then most members of a replica set are waited for.",
    ),
)
"""What is meant: codes, texts that tell it too, the message, and the way out."""


def is_away(error: PyMongoError) -> bool:
    """Tell whether asking again may help: the connection was lost, or the server is about to stop."""
    if isinstance(error, AutoReconnect | ConnectionFailure):
        return True
    # A driver that lost a connection while it was made may number the write when it tries again, which a
    # standalone server refuses; asked anew, it does not.
    numbered = "transaction numbers are only allowed" in str(error).lower()
    return isinstance(error, OperationFailure) and (numbered or not _codes(error).isdisjoint(_SHUTTING_DOWN))


def only_duplicates(error: BulkWriteError) -> bool:
    """Tell whether a bulk write failed only for documents that an earlier try had brought."""
    details: Any = error.details or {}
    return not details.get("writeConcernErrors") and all(
        one["code"] == DUPLICATE and "_id_ " in one["errmsg"] for one in details.get("writeErrors", [])
    )


def translation(error: PyMongoError, url: str, *, reached: bool = False) -> StoreError:
    """Say what an error of the driver means for the store at a URL (one that may be shown).

    Args:
        error: what the driver raised.
        url: the store's URL, without a password.
        reached: whether the server took connections before; if so, its TLS is not what is wrong.
    """
    codes, told = _codes(error), str(error)
    if isinstance(error, ConfigurationError) and "DNS" in told:
        return StoreAwayError(
            f"Could not reach the store {url!r}: the name of its host is not known.",
            hint="Check the host, and that names are resolved here.",
        )
    if isinstance(error, InvalidURI | ConfigurationError):
        return refused_file(url) if "private key" in told.lower() else refused_url(url)
    for known, texts, message, hint in _MEANT:
        if codes & known or any(text in told.lower() for text in texts):
            return StoreError(message.format(url=url), hint=hint)
    if is_away(error):
        first = isinstance(error, ServerSelectionTimeoutError)
        why = (_other_set(told, url) or (None if reached else _no_connection(told, url))) if first else None
        return why or StoreAwayError(
            f"Could not reach the store {url!r}: {'no server answers there' if first else 'the connection was lost'}."
            f" {_SAFE}",
            hint="Check that the server runs and the host is right, then run this again; a run goes on with --resume.",
        )
    if isinstance(error, DocumentTooLarge):
        return StoreError(
            f"Could not write to the store {url!r}: one record's results are over 16 MB.",
            hint="Let models keep less as their output and reasons.",
        )
    return StoreError(
        f"Could not use the store {url!r}. MongoDB says: {type(error).__name__}, code {sorted(codes)}.",
        hint=f"The server's log may say more of it. {_SAFE}",
    )


def _other_set(told: str, url: str) -> StoreError | None:
    """Say what keeps servers that answer from being the replica set that was asked for; None where that is not why."""
    if named := re.search(r"configured to connect to a replica set named '(.*?)' but .* a set named '(.*?)'", told):
        there = "stands alone" if named[2] == "None" else f"belongs to the set {named[2]!r}"
        return StoreError(
            f"Could not open the store {url!r}: its URL asks for the replica set {named[1]!r}; the server {there}.",
            hint=_SET,
        )
    if named := re.search(r'No replica set members available for replica set name "(.*?)"', told):
        return StoreError(
            f"Could not open the store {url!r}: its URL asks for the replica set {named[1]!r}; what answers there"
            " stands alone, or belongs to another set.",
            hint=_SET,
        )
    if "No replica set members match selector" in told:
        return StoreAwayError(
            f"Could not use the store {url!r}: of the replica set's servers that answer none is the primary. {_SAFE}",
            hint="Wait until the set has chosen one, then run this again; a run goes on with --resume.",
        )
    return None


def _no_connection(told: str, url: str) -> StoreError | None:
    """Say why no connection to a server came about that is there; None where none is."""
    if refused := re.search(r"certificate verify failed: ([^(]+?) *\(", told):
        return StoreError(
            f"Could not open the store {url!r}: the server's certificate is not accepted ({refused[1]}).",
            hint="Name the file of the authority that issued it by tlsCAFile in the URL, and the host as it is there.",
        )
    if "[SSL" in told or "SSL handshake" in told:
        return StoreError(
            f"Could not open the store {url!r}: no TLS connection came about.",
            hint="Leave out tls=true where the server has no TLS; one that wants a certificate of yours takes it from"
            " tlsCertificateKeyFile in the URL.",
        )
    if "connection closed" in told:
        return StoreAwayError(
            f"Could not reach the store {url!r}: a server is there, and ends every connection.",
            hint="Write tls=true in the URL where it wants TLS; its log may say more.",
        )
    return None


def refused_file(url: str) -> StoreError:
    """Say that a file which a URL names cannot be used."""
    return StoreError(
        f"Could not open the store {url!r}: a file that its URL names cannot be read, or holds no certificate.",
        hint="Check tlsCAFile and tlsCertificateKeyFile in the URL.",
    )


def refused_url(url: str) -> StoreError:
    """Say that the driver refuses a URL; its own texts may quote it."""
    return StoreError(
        f"Could not open the store {url!r}: the driver refuses its URL or one of its options.",
        hint="Check the URL; special letters in user and password are escaped, such as %40 for @.",
    )


def unanswered(url: str) -> StoreError:
    """Say that writes which nobody answers for are no store's."""
    return StoreError(
        f"Could not open the store {url!r}: with w=0 in its URL nobody would know of a lost write.",
        hint="Leave w out of the URL: then a write counts when it is on disk.",
    )


def _codes(error: PyMongoError) -> set[int]:
    codes = set()
    if isinstance(error, OperationFailure) and error.code is not None:
        codes.add(error.code)
    if isinstance(error, BulkWriteError):
        details: Any = error.details or {}
        codes |= {one["code"] for one in details.get("writeErrors", [])}
        codes |= {one["code"] for one in details.get("writeConcernErrors", [])}
    return codes
