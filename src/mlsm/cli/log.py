"""The log of a run: NDJSON under `.mlsm/logs/`, without personal data beyond record ids."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TextIO

import msgspec

from mlsm.project.places import OWN, make_folder

__all__ = ["RunLog", "log_folder", "log_of_run", "read_log", "without_messages"]

_BEGIN = "Traceback (most recent call last):"
_LINKS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)


class RunLog:
    """The events of one run, one JSON object a line, written as they happen.

    Until the run has an id, events wait: its file is named after it, so that a run that
    was resumed has one log. Used as a context manager, it is closed on the way out.
    A log that cannot be written is given up: no run ends for it.

    Args:
        target: a file, `-` for stderr, or None for a file of the run's own.
        folder: where files of runs' own lie.
    """

    def __init__(self, target: str | None, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._stream: TextIO | None = sys.stderr if target == "-" else None
        self._waiting: list[dict[str, Any]] = []
        self._run_id: str | None = None
        self.failure: OSError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._given_up_where_it_fails():
            if self._waiting:
                self._open(_now_as_name())
            if self._stream is not None and self._stream is not sys.stderr:
                self._stream.close()

    @property
    def path(self) -> Path | None:
        """Give the file that is written, None for stderr or where there is none yet."""
        if self._stream is None or self._stream is sys.stderr:
            return None
        return Path(self._stream.name)

    def begin(self, run_id: str | None) -> None:
        """Tell the run's id as soon as it is known, None for a run that is not stored."""
        self._run_id = self._run_id or run_id
        with self._given_up_where_it_fails():
            self._open(run_id or _now_as_name())

    def event(self, event: str, **facts: Any) -> None:
        """Write one event with its facts."""
        if self.failure is not None:
            return
        line = {"time": datetime.now(UTC), "event": event, "run_id": self._run_id, **facts}
        with self._given_up_where_it_fails():
            if self._stream is None:
                self._waiting.append(line)
            else:
                self._write(line)

    @contextmanager
    def _given_up_where_it_fails(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = error
            self._waiting = []
            stream, self._stream = self._stream, None
            if stream is not None and stream is not sys.stderr:
                with suppress(OSError):  # what is buffered still has nowhere to go
                    stream.close()

    def _open(self, name: str) -> None:
        if self.failure is not None:
            return
        if self._stream is None:
            path = Path(self._target) if self._target is not None else self._folder / f"{name}.ndjson"
            make_folder(path.parent)
            self._stream = path.open("a", encoding="utf-8")
        for line in self._waiting:
            self._write({**line, "run_id": self._run_id})
        self._waiting = []

    def _write(self, line: dict[str, Any]) -> None:
        if self._stream is not None:
            self._stream.write(msgspec.json.encode(line, enc_hook=str).decode() + "\n")
            self._stream.flush()


def _now_as_name() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"


def log_folder(project: Path) -> Path:
    """Give the folder of a project's logs: in `MLSM_HOME`, else in its own `.mlsm`."""
    home = os.environ.get("MLSM_HOME")
    return (Path(home) if home else project / OWN) / "logs"


def log_of_run(target: str | None, project: Path, run_id: str) -> Path:
    """Tell where the log of a run lies: the file named, else the run's own."""
    return Path(target) if target not in (None, "-") else log_folder(project) / f"{run_id}.ndjson"


def read_log(path: Path, run_id: str) -> list[dict[str, Any]]:
    """Read the events of a run, none where its log is gone; a line cut short is left out."""
    if not path.is_file():
        return []
    events = []
    for line in path.read_bytes().splitlines():
        try:
            event = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        if isinstance(event, dict) and event.get("run_id") == run_id:
            events.append(event)
    return events


def without_messages(trace: str) -> str:
    r"""Keep the frames of a traceback and the types raised; drop the messages, which may quote a lead.

    Example:
        >>> print(without_messages(
        ...     'Traceback (most recent call last):\n  File "fit.py", line 3, in fit\n'
        ...     "    float(age)\nValueError: could not convert string to float: 'Ada'\n"))
        Traceback (most recent call last):
          File "fit.py", line 3, in fit
            float(age)
        ValueError
    """
    kept = []
    inside = False
    for line in trace.splitlines():
        if line == _BEGIN:
            inside = True
            kept.append(line)
        elif line in _LINKS:
            kept += ["", line, ""]
        elif inside and line.startswith("  "):
            kept.append(line)
        elif inside:
            kept.append(line.partition(":")[0])
            inside = False
    return "\n".join(kept)
