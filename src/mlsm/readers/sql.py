"""The answer of a query as an input: PostgreSQL by its driver for Arrow, SQLite by Python's own.

A query is asked once. Its answer flows in blocks into a temporary file that lasts as long as
the reader, so that memory stays flat, every pass sees the same rows, and the database is
not kept waiting while models score. Neither the database nor its password is changed or
told: the transaction is read-only, and a URL is shown without its password.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from mlsm.errors import InputError, MissingExtraError
from mlsm.readers.answered import QueryReader, room_for
from mlsm.readers.dialect import Dialect
from mlsm.readers.input_file import InputFile
from mlsm.readers.ndjson import reader as ndjson_reader
from mlsm.readers.parquet import reader as parquet_reader

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["query_reader"]

_FETCHED = 16_384
"""Rows that exist as Python objects at a time."""
_STEM = "query"
_DIGITS = 16
"""Every whole number of fewer digits is held exactly by a float."""
_SAID = r"(?:{}):\s+(.*?)(?=\s+(?:\w+: {{2}}|(?:LINE|Query was)\b)|\. SQLSTATE|\s*$)"
"""What a server says; what follows are details, which may show values of rows."""
_AT_FIRST, _LATER = (re.compile(_SAID.format(word), re.DOTALL) for word in ("FATAL|ERROR", r"\S+(?=: {2})"))
"""A server may have another language, but before it answers the driver may quote the URL it could not read."""
_SECRETS = re.compile(r"(?i)([?&](?:ssl)?password=)[^&]*")


def query_reader(url: str, query: str) -> QueryReader:
    """Ask a database, and read its answer.

    Args:
        url: `postgresql://user@host/database`, or `sqlite:///leads.db`.
        query: a statement that gives rows.

    Raises:
        InputError: the database cannot be reached, or does not answer the query.
        MissingExtraError: the driver is not installed.
    """
    ask = _ask_sqlite if url.lower().startswith("sqlite:") else _ask_postgres
    source = _shown(url)
    with room_for(source), tempfile.NamedTemporaryFile(prefix="mlsm-") as answer:
        ask(url, query, source, answer)
        answer.seek(0)
        file = InputFile.spooled(answer, source=source, stem=_STEM)
    opener = parquet_reader if ask is _ask_postgres else ndjson_reader
    return QueryReader(source, query, opener(file, Dialect()))


def _ask_postgres(url: str, query: str, source: str, spool: IO[bytes]) -> None:
    try:
        import pyarrow.parquet as pq
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise MissingExtraError(
            f"Queries to PostgreSQL need a driver that is not installed: {error.name}.",
            hint="Install mlsm with the extra 'postgres'.",
        ) from error
    # `schema` is an option of a store's URL, which libpq does not know.
    own = re.sub(r"([?&])schema=[^&]*&?", r"\1", url).rstrip("?&")
    with (
        _refused(Error, source, "no server answered, or the URL cannot be read"),
        closing(dbapi.connect(own, autocommit=True)) as connection,
        closing(connection.cursor()) as db,
    ):
        db.execute("BEGIN READ ONLY")
        # The driver puts the query into brackets: a line ends what is said after --, and no semicolon may stand there.
        db.execute(query.rstrip().rstrip(";") + "\n")
        if not db.description:
            raise _no_rows(source)
        _refuse_twice(db.description, source)
        blocks = db.fetch_record_batch()
        _refuse_money(blocks.schema, source)
        schema = _plain_schema(blocks.schema)
        with pq.ParquetWriter(spool, schema, compression="zstd") as written:
            for block in _flowing(blocks, source):
                _refuse_rounded(block, source)
                written.write_batch(_plain(block, schema))


def _flowing(blocks: pa.RecordBatchReader, source: str) -> Iterator[pa.RecordBatch]:
    """Hand on the blocks of an answer; what the server refuses on the way comes as an error of Arrow's."""
    import pyarrow as pa

    while True:
        with _refused(
            (pa.ArrowException, OSError), source, "the answer broke off, or has values of a type that cannot be read"
        ):
            try:
                block = blocks.read_next_batch()
            except StopIteration:
                return
        yield block


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([pa.field(field.name, _plain_type(field.type)) for field in schema])


def _plain_type(kind: Any) -> pa.DataType:
    """Take numbers of any precision for numbers, and types that Arrow does not know as they come."""
    import pyarrow as pa

    if _as_text(kind) is not None:
        return pa.string()
    if not isinstance(kind, pa.BaseExtensionType):
        return kind
    if _is_numeric(kind):
        return pa.float64()
    return kind.storage_type


def _is_numeric(kind: Any) -> bool:
    return getattr(kind, "type_name", None) == "numeric"


def _refuse_rounded(block: pa.RecordBatch, source: str) -> None:
    """Refuse whole numbers that a float does not hold to the last digit: as ids they would be those of others."""
    import pyarrow.compute as pc

    for name, column in zip(block.schema.names, block.columns, strict=True):
        if not _is_numeric(column.type):
            continue
        long = column.storage.filter(pc.greater_equal(pc.utf8_length(column.storage), _DIGITS)).to_pylist()
        if rounded := next((text for text in long if text.lstrip("-").isdecimal() and int(text) != float(text)), None):
            raise InputError(
                f"Column {name!r} of {source!r} holds {rounded}, which a number of 64 bits does not hold to its last "
                "digit; expected text where these digits matter.",
                hint=f"Cast it: {name}::text for ids, {name}::float8 where the last digits do not matter.",
            )


def _as_text(kind: Any) -> Callable[[Any], str] | None:
    """Tell how values of a type are written that an input has as text."""
    import pyarrow as pa

    if pa.types.is_interval(kind):
        return str
    if getattr(kind, "type_name", None) == "uuid" or getattr(kind, "extension_name", None) == "arrow.uuid":
        return lambda value: str(UUID(bytes=value))
    return None


def _plain(block: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    columns = []
    for column, field in zip(block.columns, schema, strict=True):
        stored = column.storage if isinstance(column, pa.ExtensionArray) else column
        text = _as_text(column.type)
        if text is None:
            columns.append(stored.cast(field.type))
        else:
            values = (None if value is None else text(value) for value in stored.to_pylist())
            columns.append(pa.array(values, pa.string()))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _ask_sqlite(url: str, query: str, source: str, spool: IO[bytes]) -> None:
    path = Path(url.partition(":///")[2])
    if not path.is_file():
        raise InputError(
            f"Could not ask {source!r}: there is no such file.",
            hint="Three slashes stand before a relative path (sqlite:///leads.db), four before an absolute one.",
        )
    with (
        _refused(sqlite3.Error, source, ""),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db,
    ):
        cursor = db.execute(query)
        if cursor.description is None:
            raise _no_rows(source)
        _refuse_twice(cursor.description, source)
        names = [column[0] for column in cursor.description]
        encoder = msgspec.json.Encoder()
        while rows := cursor.fetchmany(_FETCHED):
            for row in rows:
                values = (b64encode(value).decode() if isinstance(value, bytes) else value for value in row)
                spool.write(encoder.encode(dict(zip(names, values, strict=True))) + b"\n")


def _no_rows(source: str) -> InputError:
    return InputError(f"The query to {source!r} gives no rows; expected a SELECT.", hint="Write select … from ….")


def _refuse_twice(description: Sequence[Sequence[object]], source: str) -> None:
    names = [str(column[0]) for column in description]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"The query to {source!r} gives {len(twice)} {'name' if len(twice) == 1 else 'names'} to more than one"
            f" column: {', '.join(map(repr, twice))}; expected names that differ.",
            hint="Name the columns that are wanted, each with a name of its own: select a.id, b.id as owner from ….",
        )


def _refuse_money(schema: pa.Schema, source: str) -> None:
    """Refuse amounts that come in cents, or in what the server's locale makes of them."""
    found = [field.name for field in schema if (field.metadata or {}).get(b"POSTGRESQL:type") == b"money"]
    if found:
        raise InputError(
            f"The query to {source!r} gives columns of type money: {', '.join(map(repr, found))}; expected numbers.",
            hint=f"Cast them: {found[0]}::numeric.",
        )


@contextmanager
def _refused(kind: type[Exception] | tuple[type[Exception], ...], source: str, otherwise: str) -> Iterator[None]:
    """Tell what a database refused.

    Args:
        kind: what it raises.
        source: the database, without a password.
        otherwise: what is told where nothing says more.
    """
    try:
        yield
    except kind as error:
        told = " ".join(str(error).split())
        if isinstance(error, sqlite3.Error):
            text = told
        elif said := (_LATER if getattr(error, "sqlstate", "of Arrow's") else _AT_FIRST).search(str(error)):
            text = " ".join(said[1].split())
        else:
            # This names a host that was found, and so no piece of a password.
            found = re.search(r"connection to server (?:at|on) .*? failed: (.*?)(?= Either | Is the server |$)", told)
            text = found[1] if found else otherwise
        raise InputError(
            f"Could not ask {source!r}: {text.rstrip(' .')}.",
            hint="Check the query, the URL with its options, and that the server runs; a password is taken from"
            " PGPASSWORD or the password file.",
        ) from (error if isinstance(error, sqlite3.Error) else None)


def _shown(url: str) -> str:
    """Leave the password out of a URL: whatever stands before the last @ may be one."""
    scheme, _, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    return _SECRETS.sub(r"\1***", f"{scheme}://{login.partition(':')[0]}{at}{place}")
