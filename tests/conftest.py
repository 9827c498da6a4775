"""Servers that the tests start for themselves, once a session and only where they are asked for."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from tests.servers import mongo
from tests.servers import postgres as postgresql

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A script's background job ignores Ctrl-C, and so would all that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
def postgres() -> Iterator[postgresql.PostgresServer]:
    """Run a PostgreSQL server."""
    with postgresql.running() as server:
        yield server
