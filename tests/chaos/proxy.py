"""A small TCP proxy that cuts connections, also after a request went through and before its answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

__all__ = ["Proxy"]


class Proxy:
    """Passes bytes between clients and a server on loopback.

    Args:
        target: the port of the server, or the path of its socket.
        lost: a request with all of these texts goes through; its answer never arrives, for the connection
            is cut instead.
        times: how many answers are lost so.
    """

    def __init__(self, target: int | str, *, lost: tuple[bytes, ...] = (), times: int = 0) -> None:
        self.target = target
        self.lost = lost
        self.left = times
        self.accepted = 0
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    def cut(self) -> int:
        """Cut all connections; tell how many there were."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            self._close(pair)
        return len(pairs)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = self._connected()
            except OSError:
                client.close()
                continue
            pair = (client, server)
            losing = threading.Event()
            with self._lock:
                self.accepted += 1
                self._pairs.add(pair)
            self._start(self._requests, pair, losing)
            self._start(self._answers, pair, losing)

    def _connected(self) -> socket.socket:
        if isinstance(self.target, int):
            return socket.create_connection(("127.0.0.1", self.target))
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self.target)
        except OSError:
            server.close()
            raise
        return server

    def _requests(self, pair: tuple[socket.socket, socket.socket], losing: threading.Event) -> None:
        client, server = pair
        try:
            while data := client.recv(1 << 20):
                if self.lost and self.left > 0 and all(text in data for text in self.lost):
                    self.left -= 1
                    losing.set()
                server.sendall(data)
        except OSError:
            pass
        self._close(pair)

    def _answers(self, pair: tuple[socket.socket, socket.socket], losing: threading.Event) -> None:
        client, server = pair
        try:
            while (data := server.recv(1 << 20)) and not losing.is_set():
                client.sendall(data)
        except OSError:
            pass
        self._close(pair)

    def _close(self, pair: tuple[socket.socket, socket.socket]) -> None:
        with self._lock:
            self._pairs.discard(pair)
        for one in pair:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()
