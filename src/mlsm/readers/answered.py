"""What a database answered, as an input: its rows lie in a file that lasts as long as the reader.

What a plan says of such an input is the query, not the rows: they may change between a run
that broke off and the one that takes it up, which then skips ids that are stored.
"""

from __future__ import annotations

import errno
import hashlib
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from mlsm.contracts import Facts, RawPart, Reader
from mlsm.errors import InputError

__all__ = ["QueryReader", "room_for"]


@contextmanager
def room_for(source: str) -> Iterator[None]:
    """Tell where a temporary file for an answer found no room.

    Args:
        source: the database, without a password.

    Raises:
        InputError: the disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        raise InputError(
            f"Could not take the answer of {source!r}: the disk under {tempfile.gettempdir()!r} is full.",
            hint="Free some space there, or name another folder by the variable TMPDIR.",
        ) from error


class QueryReader:
    """Read the answer of a query; how its rows are kept meanwhile is nobody's business.

    Args:
        source: the database, without a password.
        query: what it was asked.
        answer: the answer, as a file that was read.
    """

    def __init__(self, source: str, query: str, answer: Reader) -> None:
        self.source = source
        self._query = query
        self._answer = answer

    def facts(self) -> Facts:
        """Tell the rows and the columns of the answer."""
        return self._answer.facts()

    def fingerprint(self) -> str:
        """Hash the query: the rows may be others when a run is taken up."""
        return f"sha256:{hashlib.sha256(self._query.encode()).hexdigest()}"

    def options(self) -> dict[str, str]:
        """Tell the query."""
        return {"format": "query", "query": self._query}

    def parts(
        self, size: int, *, columns: Collection[str] | None = None, skip: Collection[int] = ()
    ) -> Iterator[RawPart]:
        """Yield parts of `size` rows, in the order of the answer."""
        yield from self._answer.parts(size, columns=columns, skip=skip)
