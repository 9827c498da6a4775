"""Servers that the tests start for themselves, and the installer that they use, only where they are asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers import mongo
from tests.servers import postgres as postgresql

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A script's background job ignores Ctrl-C, and so would all that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests share the machine: a library that computes on all of its cores waits for them more than it gains.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Where somebody works without buffers, what models print is never late: tests see it as most users do.
os.environ.pop("PYTHONUNBUFFERED", None)


@pytest.fixture(scope="session")
def mongo_standalone() -> Iterator[mongo.Mongod]:
    """Run a MongoDB server by itself."""
    with mongo.running() as server:
        yield server


@pytest.fixture(scope="session")
def mongo_replica() -> Iterator[mongo.Mongod]:
    """Run a MongoDB server as a replica set."""
    with mongo.running(replica=True) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgresql.PostgresServer]:
    """Run a PostgreSQL server."""
    with postgresql.running() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: postgresql.PostgresServer) -> postgresql.PostgresServer:
    """Give the PostgreSQL server of all tests, without the stores of the test before."""
    postgres_server.clear()
    return postgres_server


@pytest.fixture(scope="session")
def _uv_folder() -> Path | None:
    folder = Path(sys.executable).parent
    asked = subprocess.run([folder / "uv", "pip", "compile", "-"], input=b"msgspec\n", capture_output=True, check=False)
    return folder if asked.returncode == 0 else None


@pytest.fixture
def uv(_uv_folder: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let mlsm find uv, which builds an environment in a tenth of pip's time, unless the index is one for pip alone."""
    if _uv_folder is not None:
        monkeypatch.setenv("PATH", os.pathsep.join([str(_uv_folder), os.environ["PATH"]]))
