"""Where runs and results are kept: one module a kind of store.

A store is chosen by its URL: `sqlite:///leads.db` (a path from the project's folder),
`sqlite:////var/lib/leads.db` (an absolute path), a plain path that ends in `.db`, or
`memory:`. Opening makes nothing: a store begins with its first run, and one that is not
there yet reads as an empty one.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import cast

from mlsm.contracts import PATIENCE_SECONDS, Opener, Store
from mlsm.errors import StoreError

__all__ = ["SCHEMES", "open_store"]

SCHEMES = {
    "memory": "mlsm.stores.memory",
    "mongodb": "mlsm.stores.mongo",
    "mongodb+srv": "mlsm.stores.mongo",
    "postgres": "mlsm.stores.postgres",
    "postgresql": "mlsm.stores.postgres",
    "sqlite": "mlsm.stores.sqlite",
}
"""The module of each scheme; it has a function `open_store(url, folder, patience=…)`."""


def open_store(url: str, folder: Path, *, patience: float = PATIENCE_SECONDS) -> Store:
    """Open the store that a URL names.

    Args:
        url: the store's URL, or the path of a SQLite file that ends in `.db`.
        folder: what a relative path starts from.
        patience: seconds for which a server that went away is waited for; a file never does.

    Raises:
        StoreError: no store has this scheme, or the rest of the URL cannot be read.

    Example:
        >>> open_store("memory:", Path()).url
        'memory:'
        >>> open_store("leads.db", Path()).url
        'sqlite:///leads.db'
    """
    # A letter before the colon is a drive: C:\leads.db is a path.
    scheme, colon, _ = url.partition(":")
    if colon and len(scheme) > 1:
        module = SCHEMES.get(scheme.lower())
        if module is None:
            # What follows the scheme may hold a password.
            raise StoreError(
                f"No store is known by the scheme {scheme!r}; expected one of {', '.join(map(repr, sorted(SCHEMES)))}.",
                hint="Write sqlite:///leads.db for a file in the project's folder.",
            )
    elif url.endswith(".db"):
        module, url = SCHEMES["sqlite"], f"sqlite:///{url}"
    else:
        raise StoreError(
            f"{url!r} names no store; expected a URL or a path that ends in '.db'.",
            hint="Write sqlite:///leads.db for a file in the project's folder.",
        )
    opener = cast("Opener", import_module(module).open_store)
    return opener(url, folder, patience=patience)
