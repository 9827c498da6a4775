"""The two streams of a command: data on stdout, talk on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import msgspec

from mlsm._c_output import flush_c, print_c_by_line
from mlsm.cli.narrow import fits, fitted, stacked
from mlsm.cli.stops import Stops
from mlsm.cli.tables import Table, plain, rich_table

__all__ = ["Terminal", "hold_streams", "own_stdout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where a command writes: data to `out`, talk to `err`.

    Args:
        out: data: what a pipe or a file is meant to receive.
        err: talk: what a person reads.
        json: whether the data is wanted as JSON.
        stops: whether the person wants the command to stop.
    """

    out: TextIO
    err: TextIO
    json: bool = False
    stops: Stops = field(default_factory=Stops)

    @property
    def data_styled(self) -> bool:
        """Tell whether data goes to a screen that shows colour."""
        return _styled(self.out)

    @property
    def talk_styled(self) -> bool:
        """Tell whether talk goes to a screen that shows colour."""
        return _styled(self.err)

    @property
    def draws(self) -> bool:
        """Tell whether the data's stream can show block characters."""
        try:
            "█▏·…".encode(self.out.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def say(self, text: str = "", *, style: str = "") -> None:
        """Write one line of talk."""
        self._line(self.err, text, style, styled=self.talk_styled)

    def write(self, text: str = "", *, style: str = "") -> None:
        """Write one line of data that is no table."""
        self._line(self.out, text, style, styled=self.data_styled)

    def title(self, text: str) -> None:
        """Write a heading above data, after an empty line."""
        self.write()
        self.write(text, style="bold")

    def talk_table(self, table: Table) -> None:
        """Write a table that is talk."""
        self._table(self.err, table, styled=self.talk_styled)

    def table(self, table: Table) -> None:
        """Write a table: of rich on a screen, else aligned plain text."""
        self._table(self.out, table, styled=self.data_styled)

    def document(self, value: Any) -> None:
        """Write one JSON document."""
        text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2)
        self.out.write(text.decode() + "\n")

    def lines(self, values: Sequence[Any]) -> None:
        """Write NDJSON: one JSON value a line."""
        for value in values:
            self.out.write(msgspec.json.encode(value, enc_hook=str).decode() + "\n")

    def _line(self, stream: TextIO, text: str, style: str, *, styled: bool) -> None:
        if not (styled and style):
            stream.write(text + "\n")
            stream.flush()
            return
        from rich.text import Text

        _console(stream).print(Text(text, style=style), soft_wrap=True)

    def _table(self, stream: TextIO, table: Table, *, styled: bool) -> None:
        width = _console(stream).width if stream.isatty() else None
        if width is None or (not styled and fits(plain(table), width)):
            stream.write(plain(table) + "\n")
            stream.flush()
        elif styled and (widths := fitted(table, width)) is not None:
            _console(stream).print(rich_table(table, widths))
        else:
            for line in stacked(table, width):
                self._segments(stream, line, styled=styled)

    def _segments(self, stream: TextIO, line: Sequence[tuple[str, str]], *, styled: bool) -> None:
        if not styled:
            self._line(stream, "".join(text for text, _ in line), "", styled=False)
            return
        from rich.text import Text

        _console(stream).print(Text.assemble(*line), soft_wrap=True)


def _styled(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def _console(stream: TextIO) -> Any:
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False, force_terminal=True)


def hold_streams() -> None:
    """Put the null device where whoever started us closed a standard stream, lest a file of ours take its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # opens at the lowest number, which is this one
    talk: TextIO | None = sys.stderr
    if talk is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


@contextmanager
def own_stdout() -> Iterator[TextIO]:
    """Keep stdout for the command's data; what models print goes to stderr.

    Descriptor 1 is pointed at stderr as well, since libraries written in C, and the
    children of a model, write there and not to `sys.stdout`.
    """
    before: TextIO | None = sys.stdout
    if before is None:  # closed by whoever started us: data has no reader
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(sys.stderr):
            yield nowhere
        return
    if _descriptor(before) != 1:
        with redirect_stdout(sys.stderr):
            yield before
        return
    before.flush()
    kept = os.dup(1)
    with (
        os.fdopen(kept, "w", encoding=before.encoding, errors="backslashreplace") as own,
        # Not `sys.stderr` itself, since a model may close what it prints to.
        os.fdopen(os.dup(2), "w", buffering=1, encoding=before.encoding, errors="backslashreplace") as prints,
        redirect_stdout(prints),
    ):
        os.dup2(2, 1)
        print_c_by_line()
        try:
            yield own
            own.flush()
        finally:
            # What models wrote to the real stdout may wait in its buffer, or in that of C: it must not follow the data.
            with suppress(OSError, ValueError):  # one of them may have closed it
                before.flush()
            flush_c()
            os.dup2(kept, 1)


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None
