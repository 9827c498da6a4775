"""Where a scoring writes besides the store: looked at before anything is scored."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlsm.errors import InputError

if TYPE_CHECKING:
    from mlsm.contracts import Reject

__all__ = ["RejectsFile", "check_places"]

_HEADER = ("source", "row", "line", "record_id", "reason")


def check_places(files: Sequence[str], *, out: str | None, rejects: str | None) -> None:
    """Refuse to write over what is read, or over another output.

    Args:
        files: the inputs, by their paths; `-` is standard input.
        out: where the results go.
        rejects: where the rejects go.

    Raises:
        InputError: two of them are one file, an input lies in the folder of results, or standard
            input is named twice.
    """
    if files.count("-") > 1:
        raise InputError("Standard input is named twice; expected one `-`.", hint="It can be read once. Leave one out.")
    read = {Path(file).resolve(): file for file in files if file != "-"}
    read |= {path.parent: file for path, file in read.items() if out is not None and Path(out).resolve() == path.parent}
    for option, place in (("--out", out), ("--rejects", rejects)):
        if place is not None and place != "-" and (file := read.get(Path(place).resolve())) is not None:
            raise InputError(
                f"{option} {place!r} would write over the input {file!r}.", hint="Name another file or folder."
            )
    if rejects == "-":
        raise InputError(
            "--rejects - names no file; standard output belongs to the results.", hint="Name a file: rejects.csv."
        )
    if out is not None and rejects is not None and Path(out).resolve() == Path(rejects).resolve():
        raise InputError(f"--out and --rejects both name {out!r}.", hint="Name two files.")


class RejectsFile:
    """A CSV file of the rows that were not scored, a row each; it appears whole.

    Args:
        path: the file.

    Raises:
        InputError: nothing can be written there.
    """

    def __init__(self, path: str) -> None:
        from mlsm.writers.place import Aside

        self._place = Aside(Path(path))
        self._write([_HEADER])

    def add(self, rejects: Iterable[Reject]) -> None:
        """Write some of them."""
        self._write([(each.source, each.row, each.line, each.record_id, each.reason) for each in rejects])

    def close(self) -> None:
        """Let the file appear."""
        self._place.publish()

    def abort(self) -> None:
        """Leave nothing of it."""
        self._place.discard()

    def _write(self, rows: Iterable[Sequence[object]]) -> None:
        from mlsm.writers.place import translated

        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        with translated(self._place.shown):
            self._place.open().write(text.getvalue().encode())
