"""The URL of a MongoDB store: what of it may be shown, and which database it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mlsm.errors import StoreError

__all__ = ["Address", "read_address"]

_HOST = r"(?:[\w.%-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?"
_HOSTS = re.compile(f"{_HOST}(?:,{_HOST})*")
_NOT_IN_A_NAME = '/\\. "$*<>:|?\x00'
_LONGEST_NAME = 63
"""Bytes; the server refuses names of more, and on some systems each of those letters."""
_HINT = "Write mongodb://host/database, or mongodb://user:password@host/database; in a password, %40 stands for @."


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a store is.

    Args:
        url: as it may be shown: without password and options.
        database: the name of the database.
        secret: the whole URL, for the driver alone.
    """

    url: str
    database: str
    secret: str = field(repr=False)


def read_address(url: str) -> Address:
    """Read a URL.

    Raises:
        StoreError: it has no database, one that MongoDB would not have, or cannot be read; the message shows
            nothing that may be a password.

    Example:
        >>> read_address("mongodb://ada:secret@db.example:27017/leads?authSource=admin").url
        'mongodb://ada@db.example:27017/leads'
    """
    scheme, _, rest = url.partition("://")
    # Whatever stands before the last @ may be a password, even one that should have been escaped.
    login, at, place = rest.rpartition("@")
    place = place.partition("?")[0]
    hosts, _, database = place.partition("/")
    if scheme.lower() not in {"mongodb", "mongodb+srv"} or not _HOSTS.fullmatch(hosts):
        raise StoreError("The URL of the MongoDB store cannot be read; it is not shown, for its password.", hint=_HINT)
    shown = f"{scheme}://{login.partition(':')[0]}{at}{hosts}"
    if not database:
        raise StoreError(f"The URL {shown!r} names no database; expected one after the host.", hint=_HINT)
    _refuse_name(database, shown)
    return Address(url=f"{shown}/{database}", database=database, secret=url)


def _refuse_name(database: str, shown: str) -> None:
    """Refuse a name that no database may have; what stands there may be no name, so it is not shown."""
    wrong = [letter for letter in _NOT_IN_A_NAME if letter in database]
    if wrong:
        raise StoreError(
            f"The name of the database in the URL {shown!r} has {', '.join(map(repr, wrong))} in it; expected none of"
            f" {' '.join(_NOT_IN_A_NAME[:-1].replace(' ', ''))} and no blank.",
            hint="Name it with letters, digits, _ and -, such as my_leads.",
        )
    if (length := len(database.encode(errors="replace"))) > _LONGEST_NAME:
        raise StoreError(
            f"The name of the database in the URL {shown!r} has {length} bytes; expected at most {_LONGEST_NAME}.",
            hint="Choose a shorter one.",
        )
