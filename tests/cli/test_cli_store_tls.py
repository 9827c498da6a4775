"""Stores behind TLS: reached with the right certificates, else a sentence with the way out, and no password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.proxy import Proxy
from tests.servers import mongo
from tests.servers.mongo import Mongod
from tests.servers.postgres import PostgresServer
from tests.servers.tls import TlsDoor, make_certificates

SECRET = "open-sesame"  # noqa: S105 - a made-up one


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a server's certificate, the authority that issued it, and one that did not."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    (folder / "text.pem").write_text("no certificate\n")
    return folder


@pytest.fixture(scope="module")
def mongo_tls(certificates: Path) -> Iterator[Mongod]:
    """Run a MongoDB server that takes connections with TLS alone."""
    options = ("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(certificates / "server.pem"))
    with mongo.running(options=options, asked=f"&tls=true&tlsCAFile={certificates}/authority.pem") as server:
        yield server


@pytest.fixture(scope="module")
def door(certificates: Path, postgres_server: PostgresServer) -> Iterator[TlsDoor]:
    """Open a door with TLS before PostgreSQL."""
    with TlsDoor(postgres_server.socket, certificates / "server.pem") as opened:
        yield opened


def test_mongodb_is_reached_with_tls(scored: Any, mongo_tls: Mongod) -> None:
    """With the authority of its certificate, a server that requires TLS is a store, and is read from."""
    url = mongo_tls.url()
    assert 0 == scored.here("score", "second.csv", "--store", url).returncode
    read = scored.here("score", "--from", url, "--collection", "mlsm_results", "--id", "record_id", "--force")
    assert "3 leads scored" in read.stderr


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("tls=true&tlsCAFile={}/stranger.pem", ("certificate is not accepted", "tlsCAFile")),
        ("", ("ends every connection", "tls=true")),
        ("tls=true&tlsCAFile={}/nothing.pem", ("a file that its URL names", "tlsCAFile")),
        ("tls=true&tlsCAFile={}/text.pem", ("a file that its URL names", "tlsCAFile")),
        ("tls=true&tlsCertificateKeyFile={}/authority.pem", ("a file that its URL names", "tlsCertificateKeyFile")),
        ("tls=yes", ("refuses its URL or one of its options", "Check the URL")),
    ],
)
def test_mongodb_that_tls_keeps_away_is_told(
    asked: str, told: tuple[str, ...], scored: Any, mongo_tls: Mongod, certificates: Path
) -> None:
    """What is wrong with TLS is told as that, not as a server that is away."""
    options = f"serverSelectionTimeoutMS=1000&{asked.format(certificates)}".rstrip("&")
    url = f"mongodb://ada:{SECRET}@127.0.0.1:{mongo_tls.port}/leads?{options}"
    check_told(scored.here("score", "second.csv", "--store", url), *told)
    if "File" in asked:
        asking = scored.here("score", "--from", url, "--collection", "leads")
        check_told(asking, told[0], "Check")


def test_mongodb_without_tls_is_told(scored: Any, mongo_standalone: Mongod, certificates: Path) -> None:
    """Where the server has no TLS, that is what is told."""
    url = f"{mongo_standalone.url()}&tls=true&tlsCAFile={certificates}/authority.pem&serverSelectionTimeoutMS=1000"
    check_told(scored.here("score", "second.csv", "--store", url), "no TLS connection came about", "tls=true")


def postgres_url(port: int, server: PostgresServer, options: str, login: str = "postgres") -> str:
    """Give the URL of an empty store by a port."""
    return (
        f"postgresql://{login}@127.0.0.1:{port}/postgres?gssencmode=disable&{options}&{server.url().partition('&')[2]}"
    )


@pytest.mark.parametrize("options", ["sslmode=require", "sslmode=verify-full&sslrootcert={}/authority.pem"])
def test_postgres_is_reached_with_tls(
    options: str, scored: Any, door: TlsDoor, postgres: PostgresServer, certificates: Path
) -> None:
    """`sslmode` and `sslrootcert` are libpq's, and so a door that lets in TLS alone is passed."""
    url = postgres_url(door.port, postgres, options.format(certificates))
    done = scored.here("score", "second.csv", "--store", url)
    assert 0 == done.returncode, done.stderr


@pytest.mark.parametrize("means", ["URL", "PGSSLMODE"])
@pytest.mark.parametrize("root", ["stranger.pem", "nothing.pem"])
def test_postgres_whose_certificate_is_not_accepted_is_told(
    means: str,
    root: str,
    scored: Any,
    door: TlsDoor,
    postgres: PostgresServer,
    certificates: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever asks for a certificate to be verified, what is wrong with it is told as that."""
    options = f"sslrootcert={certificates}/{root}"
    if means == "URL":
        options += "&sslmode=verify-ca"
    else:
        monkeypatch.setenv("PGSSLMODE", "verify-full")
    url = postgres_url(door.port, postgres, options, f"ada:{SECRET}")
    check_told(scored.here("score", "second.csv", "--store", url), "no TLS connection came about", "sslrootcert")
    asking = scored.here("score", "--from", url, "--query", "SELECT 1 AS lead_id")
    check_told(asking, "certificate verify failed" if root == "stranger.pem" else "does not exist", "Check")


def test_postgres_without_tls_is_told(scored: Any, postgres: PostgresServer) -> None:
    """A server without TLS is not used where TLS is required."""
    with Proxy(postgres.socket) as proxy:
        url = postgres_url(proxy.port, postgres, "sslmode=require", f"ada:{SECRET}")
        check_told(scored.here("score", "second.csv", "--store", url), "does not support SSL", "sslmode")


@pytest.mark.parametrize(
    ("place", "service"),
    [("?service=nowhere", None), ("?service=scoring", "nothing.conf"), ("?sslmodus=require", None)],
)
def test_settings_of_postgres_that_cannot_be_used_are_told(
    place: str, service: str | None, scored: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that is not there, or an option that libpq does not know, is told with the places to look at."""
    if service is not None:
        monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / service))
    done = scored.here("score", "second.csv", "--store", f"postgresql://ada:{SECRET}@/{place}")
    check_told(done, "one of its settings cannot be used", "PGSERVICEFILE")


def check_told(done: Any, *told: str) -> None:
    """Assert that a command ended with 1 and says what it should, in a sentence and a hint, without the password."""
    assert (1, "", 2) == (done.returncode, done.stdout, len(done.stderr.splitlines())), done.stderr
    assert [] == [text for text in (*told, "\nHint: ") if text not in done.stderr], done.stderr
    assert SECRET not in done.stderr
