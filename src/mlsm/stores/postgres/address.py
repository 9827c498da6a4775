"""The URL of a store in PostgreSQL: what libpq is told, and what people may see of it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from mlsm.errors import StoreError

__all__ = ["DEFAULT_SCHEMA", "Address", "read_address"]

DEFAULT_SCHEMA = "mlsm"
_SECRET = ("password", "sslpassword")
_SCHEMES = ("postgresql", "postgres")


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
    service file (`postgresql:///?service=scoring`), which libpq reads by itself.

    Raises:
        StoreError: it is no URL of PostgreSQL, or names an impossible schema.

    Example:
        >>> read_address("postgres://ada:secret@db:5432/leads?schema=scores").shown
        'postgresql://ada@db:5432/leads?schema=scores'
    """
    parts = urlsplit(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    schemas = [value for name, value in options if name == "schema"] or [DEFAULT_SCHEMA]
    schema = schemas[-1]
    if parts.scheme.lower() not in _SCHEMES or not schema or "\x00" in schema or schema.lower().startswith("pg_"):
        # The rest may hold a password.
        raise StoreError(
            "This URL names no store in PostgreSQL; expected postgresql://user@host/database, "
            "with ?schema=name where the tables shall lie elsewhere than in 'mlsm'.",
            hint="Write postgresql://user@host/database and give the password by PGPASSWORD.",
        )
    own = [(name, value) for name, value in options if name != "schema"]
    uri = _joined(parts.netloc, parts.path, urlencode(own, quote_via=quote))
    shown = [(name, value) for name, value in options if name not in _SECRET]
    netloc = parts.netloc
    if "@" in netloc:
        user, _, host = netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}@{host}"
    return Address(
        uri=uri,
        schema=schema,
        shown=_joined(netloc, parts.path, urlencode(shown, safe="/", quote_via=quote)),
    )


def _joined(netloc: str, path: str, query: str) -> str:
    """Join a URL; `urlunsplit` leaves out the slashes of one without a host, which libpq wants."""
    return f"postgresql://{netloc}{path}{'?' if query else ''}{query}"
