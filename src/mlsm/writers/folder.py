"""A folder that receives one Parquet file a part, each appearing whole."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from mlsm.writers.parquet import polars_errors
from mlsm.writers.place import Aside, check_folder, translated

__all__ = ["FolderWriter", "writer"]

_PART = re.compile(r"part-\d{5,}\.parquet")


class FolderWriter:
    """Write `part-00000.parquet` and so on into a folder.

    A part that is there is replaced. Closing removes the parts that an earlier run left and
    this one did not write, since a reader of the folder would take them for its results.

    Args:
        folder: the folder; it is made at the first part, its own folder must be there.

    Raises:
        InputError: nothing can be written there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: set[str] = set()
        self._aside: Aside | None = None
        check_folder(folder if folder.exists() else folder.parent)

    def write(self, part: int, frame: pl.DataFrame) -> None:
        """Write one part; it is there when this returns.

        Raises:
            InputError: it cannot be written.
        """
        name = f"part-{part:05}.parquet"
        self._make()
        self._aside = Aside(self._folder / name)
        self._aside.open()
        with polars_errors(self._aside.shown):
            frame.write_parquet(self._aside.path)
        self._aside.publish()
        self._written.add(name)

    def close(self) -> None:
        """Remove the parts of an earlier run."""
        self._make()
        with translated(str(self._folder)):
            for path in self._folder.iterdir():
                if _PART.fullmatch(path.name) and path.name not in self._written:
                    path.unlink()

    def abort(self) -> None:
        """Leave the parts that are whole, and nothing of one that is not."""
        if self._aside is not None:
            self._aside.discard()

    def _make(self) -> None:
        with translated(str(self._folder)):
            self._folder.mkdir(exist_ok=True)


def writer(folder: Path) -> FolderWriter:
    """Open a folder.

    Args:
        folder: the folder.
    """
    return FolderWriter(folder)
