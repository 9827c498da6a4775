"""Ctrl-C and SIGTERM become exceptions, and are remembered."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Stops", "Terminated"]


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived. An interrupt, since that is what no `except Exception` of a model catches."""


class Stops:
    """What asked a command to stop.

    A bare `except` in a model swallows even an interrupt; what the model answered then is
    no answer. So whoever is about to keep answers asks here first.
    """

    def __init__(self) -> None:
        self._asked: KeyboardInterrupt | None = None

    def check(self) -> None:
        """Raise what asked to stop, again.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed, or (`Terminated`) SIGTERM arrived.
        """
        if self._asked is not None:
            raise self._asked

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Raise what arrives within, so that an open run is closed on the way out.

        Who started the command with Ctrl-C ignored, as a shell does for what runs in the
        background, keeps it so.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [signal.SIGTERM]
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            numbers.append(signal.SIGINT)
        before = {number: signal.signal(number, self._stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, _: object) -> None:
        self._asked = Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
        raise self._asked
