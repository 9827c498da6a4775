"""The one boundary to strangers' code: what it raises becomes a value.

Everything that a model's author wrote is called through here and nowhere else. A model
may raise anything, `SystemExit` included; only an interrupt of the person at the keyboard
passes, since it is not the model's.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mlsm._result import Failure

__all__ = ["MESSAGE_MAX", "Raised", "attempt", "caught", "drain", "end_forked"]

MESSAGE_MAX = 2_000
"""A message is cut to this length: some exceptions carry whole data sets in theirs."""


@dataclass(frozen=True, slots=True)
class Raised:
    """What a stranger's code raised, as a value."""

    error: BaseException

    @property
    def failure(self) -> Failure:
        """Tell the type and the message, whatever the exception makes of being asked."""
        return Failure(type=type(self.error).__name__, message=_message(self.error))

    def trace(self) -> str:
        """Format the traceback, without our own frames."""
        own = self.error.__traceback__
        start = own.tb_next if own is not None and own.tb_next is not None else own
        lines = attempt(traceback.format_exception, type(self.error), self.error, start)
        if isinstance(lines, Raised):  # an exception's own methods are a stranger's too
            return "".join(traceback.format_tb(start)) + self.failure.type
        return "".join(lines)


def attempt(function: Callable[..., Any], *args: Any) -> Any:
    """Call a stranger's function; give what it returns, or `Raised`.

    Example:
        >>> attempt(int, "7")
        7
        >>> attempt(int, "x").failure.type
        'ValueError'
    """
    try:
        return function(*args)
    except BaseException as error:  # noqa: BLE001 - a model may raise anything; see the module's docstring
        return caught(error)


def caught(error: BaseException) -> Raised:
    """Turn what a stranger's code raised into a value; raise it again where a person asked to stop.

    For the one function that writes such calls out (`engine/compiled`); all others use `attempt`.
    """
    if isinstance(error, KeyboardInterrupt) and _of_person(error):
        raise error
    return Raised(error)


def drain(answers: Iterator[Any], into: list[Any]) -> Raised | None:
    """Append answers until the iterator ends or raises; give what was raised.

    One `try` around the whole loop instead of one a row: `list.extend` keeps what it
    appended before the exception, so `len(into)` tells which row raised, and the same
    iterator can be drained on.
    """
    process = os.getpid()
    try:
        into.extend(answers)
    except BaseException as error:  # noqa: BLE001 - as above
        return caught(error)
    finally:
        end_forked(process)
    return None


def end_forked(process: int) -> None:
    """End this process where a stranger's code forked it and let it return: it would score, answer and store again.

    Args:
        process: the number of the one that called the stranger.
    """
    if os.getpid() != process:
        os._exit(0)


def _of_person(stop: KeyboardInterrupt) -> bool:
    """Tell whether somebody asked to stop; where Ctrl-C is ignored, as in a worker, a plain one is the model's."""
    return type(stop) is not KeyboardInterrupt or signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def _message(error: BaseException) -> str:
    shown = attempt(str, error)
    if isinstance(shown, Raised):
        return "(the exception cannot be shown)"
    text: str = shown.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")
    return text if len(text) <= MESSAGE_MAX else text[:MESSAGE_MAX] + "…"
