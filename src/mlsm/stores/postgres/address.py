"""The URL of a store in PostgreSQL: what libpq is told, and what people may see of it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote

from mlsm.errors import StoreError

__all__ = ["DEFAULT_SCHEMA", "Address", "read_address"]

DEFAULT_SCHEMA = "mlsm"
_NAME_BYTES = 63
_SCHEMES = ("postgresql", "postgres")
_SECRET = re.compile(r"(?i)password|secret|scram_.*_key")
_HOST = r"(?:[\w.%~-]*|\[[\w:.%]+\])(?::\d{0,5})?"
_HOSTS = re.compile(f"{_HOST}(?:,{_HOST})*")
_USUAL = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""A host that is gone without a word is noticed within a minute; a system waits two hours by itself."""
_BAD_ESCAPE = re.compile(r"%(?:00|(?![\da-fA-F]{2}))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a store lies.

    Args:
        uri: what libpq is told, with whatever password it has; never shown.
        schema: the schema of the store's tables.
        shown: the URL without passwords.
    """

    uri: str
    schema: str
    shown: str

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"


def read_address(url: str) -> Address:
    """Read a URL as people write it; `?schema=name` is ours, all else libpq's.

    Passwords may stand in it, but better come from `PGPASSWORD`, a password file or a
    service file (`postgresql:///?service=scoring`), which libpq reads by itself. What libpq
    could not read is refused here: it would quote it, and so the password.

    Raises:
        StoreError: it is no URL of PostgreSQL, or names an impossible schema.

    Example:
        >>> read_address("postgres://ada:secret@db:5432/leads?schema=scores").shown
        'postgresql://ada@db:5432/leads?schema=scores'
    """
    scheme, _, rest = url.replace(" ", "%20").partition("://")
    login, hosts, database, options = _split(rest)
    schemas = [unquote(option.partition("=")[2]) for option in options if _name(option) == "schema"]
    schema = (schemas or [DEFAULT_SCHEMA])[-1]
    if (
        scheme.lower() not in _SCHEMES
        or _BAD_ESCAPE.search(rest)
        or not _HOSTS.fullmatch(hosts)
        or "@" in database  # most likely a slash that stood before it belongs to a password
        or not all("=" in option for option in options)
        or not _possible(schema)
    ):
        # The rest may hold a password.
        raise StoreError(
            "This URL names no store in PostgreSQL; expected postgresql://user@host/database, "
            "with ?schema=name, of at most 63 bytes, where the tables shall lie elsewhere than in 'mlsm'.",
            hint="Give the password by PGPASSWORD; in a URL, %2F stands for / in it, %25 for % and %40 for @.",
        )
    user, colon, password = login.partition(":")
    place = f"{hosts}{database}"
    own = [option for option in options if _name(option) != "schema"]
    return Address(
        uri=_joined(f"{user}{colon}{password}", place, own + _usual({_name(option) for option in own})),
        schema=schema,
        shown=_joined(user, place, [option for option in options if not _SECRET.search(_name(option))]),
    )


def _possible(schema: str) -> bool:
    """Tell whether a schema can be a store's; of a name over 63 bytes the server would leave the rest out."""
    own = schema.lower()
    return 0 < len(schema.encode()) <= _NAME_BYTES and not own.startswith("pg_") and own != "information_schema"


def _split(rest: str) -> tuple[str, str, str, list[str]]:
    """Split what follows the scheme where libpq does: login, hosts, database with its slash, options.

    Before an @ of a login, `?` and `#` are letters like others; where there are more, the last one ends it.
    """
    slash = rest.find("/")
    login, at, place = rest.partition("@")
    if not at or 0 <= slash < len(login):
        login, place = "", rest
    place, _, query = place.partition("?")
    hosts, slash_there, database = place.partition("/")
    more, at, hosts = hosts.rpartition("@")
    login = f"{login}%40{more}" if at else login
    return login.replace("@", "%40"), hosts, f"{slash_there}{database}", query.split("&") if query else []


def _usual(named: set[str]) -> list[str]:
    """Give the options that nobody has named; a service file may name any of them."""
    if "service" in named or "PGSERVICE" in os.environ:
        return []
    if "PGCONNECT_TIMEOUT" in os.environ:
        named = {*named, "connect_timeout"}
    return [f"{name}={value}" for name, value in _USUAL.items() if name not in named]


def _name(option: str) -> str:
    return unquote(option.partition("=")[0])


def _joined(login: str, place: str, options: list[str]) -> str:
    """Join a URL, with the slashes that libpq wants where there is no host."""
    return f"postgresql://{login}{'@' if login else ''}{place}{'?' if options else ''}{'&'.join(options)}"
