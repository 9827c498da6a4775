"""Frames that are stored as one value."""

from __future__ import annotations

from io import BytesIO

import polars as pl

__all__ = ["block"]


def block(frame: pl.DataFrame) -> bytes:
    """Pack a frame as one compressed value, which `polars.read_ipc` reads."""
    written = BytesIO()
    frame.write_ipc(written, compression="zstd")
    return written.getvalue()
