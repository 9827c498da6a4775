"""Passwords come by the usual means of libpq, and are told to nobody."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.servers.postgres import PostgresServer

SECRET = "open-sesame-2"  # noqa: S105 - a made-up one


@pytest.fixture
def login(postgres: PostgresServer) -> str:
    """Make a user who needs a password, and name the schema of a store."""
    postgres.ask(
        "DO $$ BEGIN CREATE ROLE kim LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;"
        f"ALTER ROLE kim PASSWORD '{SECRET}'; GRANT CREATE ON DATABASE postgres TO kim"
    )
    postgres.admit("local all kim scram-sha-256")
    return postgres.url().rpartition("schema=")[2]


@pytest.mark.parametrize("means", ["PGPASSWORD", "PGPASSFILE", "service file", "in the URL"])
def test_a_password_comes_by_the_usual_means(means: str, login: str, scored: Any, postgres: PostgresServer) -> None:
    """Scored with it, and neither log nor run nor what is printed has it."""
    host = postgres.socket.rpartition("/")[0]
    env, url = dict(os.environ), f"postgresql://kim@/postgres?host={host}&schema={login}"
    if means == "PGPASSWORD":
        env["PGPASSWORD"] = SECRET
    elif means == "PGPASSFILE":
        passwords = Path(scored.folder) / "passwords"
        passwords.write_text(f"*:*:postgres:kim:{SECRET}\n")
        passwords.chmod(0o600)  # libpq reads no other
        env["PGPASSFILE"] = str(passwords)
    elif means == "in the URL":
        url = url.replace("kim@", f"kim:{SECRET}@")
    else:
        service = Path(scored.folder) / "services.conf"
        service.write_text(f"[scoring]\nhost={host}\ndbname=postgres\nuser=kim\npassword={SECRET}\n")
        env, url = env | {"PGSERVICEFILE": str(service)}, f"postgresql:///?service=scoring&schema={login}"
    done = scored("score", "second.csv", "--store", url, env=env)
    assert 0 == done.returncode, done.stderr
    told = scored("runs", "--store", url, "--json", env=env)
    assert 0 == told.returncode, told.stderr
    stored = postgres.ask(f"SELECT plan, report FROM {login}.run")  # noqa: S608 - our own name
    logs = "".join(file.read_text() for file in (scored.folder / ".mlsm").rglob("*.ndjson"))
    assert "second.csv" in stored
    assert [] == [text for text in (done.stdout, done.stderr, told.stdout, stored, logs) if SECRET in text]
