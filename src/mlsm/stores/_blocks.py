"""Frames that are stored as one value."""

from __future__ import annotations

from io import BytesIO

import polars as pl

from mlsm.errors import StoreError

__all__ = ["block", "unblocked"]


def block(frame: pl.DataFrame) -> bytes:
    """Pack a frame as one compressed value, which `unblocked` reads."""
    written = BytesIO()
    frame.write_ipc(written, compression="zstd")
    return written.getvalue()


def unblocked(stored: bytes) -> pl.DataFrame:
    """Read a frame that was packed.

    Raises:
        StoreError: it is damaged.

    Example:
        >>> unblocked(block(pl.DataFrame({"record_id": ["7"]}))).item()
        '7'
    """
    try:
        return pl.read_ipc(BytesIO(stored))
    except (pl.exceptions.PolarsError, OSError, TypeError) as error:
        raise StoreError(
            "Could not read a block of inputs in the store: it is damaged.",
            hint="Somebody changed the store, or the disk did: `mlsm store check` tells of which run it is; replace the"
            " store by a copy of it.",
        ) from error
