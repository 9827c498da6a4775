"""The store in a MongoDB database; the layout is told in `schema.py`.

The driver comes with `mlsm[mongo]`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlsm.contracts import PATIENCE_SECONDS
from mlsm.errors import MissingExtraError
from mlsm.stores.mongo.address import read_address

if TYPE_CHECKING:
    from mlsm.stores.mongo.store import MongoStore

__all__ = ["open_store"]


def open_store(url: str, folder: Path, *, patience: float = PATIENCE_SECONDS) -> MongoStore:  # noqa: ARG001 - every store is opened alike
    """Open the store of a URL such as `mongodb://localhost/leads`; nothing is made before a run begins.

    Example:
        >>> open_store("mongodb://ada:secret@localhost/leads", Path()).url
        'mongodb://ada@localhost/leads'
    """
    address = read_address(url)
    try:
        from mlsm.stores.mongo.store import MongoStore
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"bson", "pymongo"}:
            raise
        raise MissingExtraError(
            f"The store {address.url!r} needs 'pymongo', which is not installed.",
            hint="Install it with: pip install 'mlsm[mongo]'",
        ) from error
    return MongoStore(address, patience=patience)
