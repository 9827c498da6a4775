"""TLS for the servers of the tests: certificates made for them, and a door before PostgreSQL."""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["TlsDoor", "make_certificates"]

_SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""With this a client of PostgreSQL asks whether there is TLS."""


def make_certificates(folder: Path) -> None:
    """Write `server.pem` for loopback with its key, `authority.pem` that issued it, and `stranger.pem` that did not."""
    authority, server, stranger = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    secret = server.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(secret + _certificate("server", server, "authority", authority))
    (folder / "authority.pem").write_bytes(_certificate("authority", authority, "authority", authority))
    (folder / "stranger.pem").write_bytes(_certificate("stranger", stranger, "stranger", stranger))


def _certificate(name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuers: ec.EllipticCurvePrivateKey) -> bytes:
    subject, by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(by, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
    )
    if name != issuer:
        place = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        made = made.add_extension(x509.SubjectAlternativeName([place]), critical=False)
    return made.sign(issuers, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class TlsDoor:
    """Lets clients with TLS, and no others, in to the PostgreSQL of the tests, which was built without it.

    Args:
        target: the path of the server's socket.
        certificate: the file of the certificate and its key.
    """

    def __init__(self, target: str, certificate: Path) -> None:
        self._target = target
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.socket(socket.AF_UNIX) as server:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.connect(self._target)
            if client.recv(8) == _SSL_REQUEST:
                client.sendall(b"S")
                with self._context.wrap_socket(client, server_side=True) as wrapped:
                    _pass_on(wrapped, server)


def _pass_on(client: ssl.SSLSocket, server: socket.socket) -> None:
    """Pass bytes both ways in one thread: two may not use one connection of TLS at a time."""
    other: dict[socket.socket, socket.socket] = {client: server, server: client}
    while True:
        ready = [client] if client.pending() else select.select([client, server], [], [])[0]
        for one in ready:
            if not (data := one.recv(1 << 16)):
                return
            other[one].sendall(data)
