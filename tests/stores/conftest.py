"""What the tests of stores share: a store in a file, and processes that write into it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from mlsm.stores.sqlite import SqliteStore

Start: TypeAlias = Callable[..., "subprocess.Popen[str]"]
WRITER = Path(__file__).parent / "writer.py"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """Name a store in a file that is not there yet."""
    opened = SqliteStore(tmp_path / "store.db", busy_timeout=20)
    yield opened
    opened.dispose()


@pytest.fixture
def start(store: SqliteStore) -> Iterator[Start]:
    """Start writers on the store; all are ended and waited for in the end."""
    started: list[subprocess.Popen[str]] = []

    def starter(*arguments: object, wait: bool = True) -> subprocess.Popen[str]:
        command = [sys.executable, str(WRITER), str(store.path), *map(str, arguments)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        if wait:
            assert process.stdout.readline() == "ready\n"
        return process

    yield starter
    for process in started:
        process.kill()
        process.communicate()
