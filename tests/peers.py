"""Hostile peers: servers on loopback or a Unix socket that do what a broken or evil server does.

    async with silent() as peer:              # TCP; silent(path=tmp_path / "s") is a Unix socket
        client = Client(peer.http)            # peer.https, peer.tcp, peer.unix, peer.port

Each is an async context manager that runs on the test's own loop: call a blocking client in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass
class Peer:
    """Where it listens, and what it saw."""

    port: int = 0
    path: Path | None = None
    connections: int = 0
    sent: int = 0
    """Bytes of answers that the other side took."""
    requests: list[str] = field(default_factory=list)
    """The first line of each request: GET /version HTTP/1.1."""

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def https(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def tcp(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def unix(self) -> str:
        return f"unix://{self.path}"


Talk = Callable[[Peer, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serve(talk: Talk, path: Path | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """A peer that does `talk` with everybody who connects."""
    peer = Peer(path=path)
    tasks: set[asyncio.Task[None]] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.connections += 1
        try:
            # That the other side goes away is what the tests are about.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await talk(peer, reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(met(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    if path is not None:
        server = await asyncio.start_unix_server(accepted, str(path), ssl=tls)
    else:
        server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=tls)
        peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def request(peer: Peer, reader: asyncio.StreamReader) -> str:
    """Read one request's head; return METHOD PATH."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    peer.requests.append(head.partition("\r\n")[0])
    return peer.requests[-1].rpartition(" ")[0]


def unreachable() -> str:
    """HOST:PORT on loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def silent(path: Path | None = None) -> contextlib.AbstractAsyncContextManager[Peer]:
    """Accepts, reads, never answers."""

    async def talk(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            pass

    return serve(talk, path)


def dripping(
    path: Path | None = None, *, every_s: float = 0.1, head: bool = False
) -> contextlib.AbstractAsyncContextManager[Peer]:
    """Answers one byte at a time and never comes to an end; with `head` from the status line on, else in the body."""

    async def talk(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(peer, reader)
        whole = HEAD + b"Content-Length: 100000\r\n\r\n"
        if not head:
            writer.write(whole)
        for byte in (whole if head else b"") + b"[" + b" " * 99_999:
            writer.write(bytes([byte]))
            await writer.drain()
            peer.sent += 1
            await asyncio.sleep(every_s)

    return serve(talk, path)


def half_closed(path: Path | None = None) -> contextlib.AbstractAsyncContextManager[Peer]:
    """Announces 1,000 bytes, sends ten, ends its side of the connection and keeps listening on the other."""

    async def talk(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(peer, reader)
        writer.write(HEAD + b"Content-Length: 1000\r\n\r\n" + b'[{"Id": "a')
        await writer.drain()
        writer.write_eof()
        while await reader.read(65_536):
            pass

    return serve(talk, path)


def cut_off(path: Path | None = None) -> contextlib.AbstractAsyncContextManager[Peer]:
    """Hangs up after each request without an answer."""

    async def talk(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(peer, reader)

    return serve(talk, path)


def garbage(
    path: Path | None = None, what: bytes = b"\x00\xff\x1b]0;x\x07\x9b" * 50
) -> contextlib.AbstractAsyncContextManager[Peer]:
    """Answers bytes that are no protocol at all, at once, and hangs up."""

    async def talk(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(what)
        await writer.drain()

    return serve(talk, path)


def wrong_protocol(path: Path | None = None) -> contextlib.AbstractAsyncContextManager[Peer]:
    """An SSH server's greeting where HTTP is expected."""
    return garbage(path, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")


def huge(path: Path | None = None, *, size: int = 50_000_000) -> contextlib.AbstractAsyncContextManager[Peer]:
    """Answers every request with `size` bytes of JSON without saying how many; `peer.sent` is what was taken."""

    async def talk(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        item = b'{"Id": "' + b"a" * 65_000 + b'"},'
        await request(peer, reader)
        writer.write(HEAD + b"Connection: close\r\n\r\n[")
        while peer.sent < size:
            writer.write(item)
            await writer.drain()
            peer.sent += len(item)
        writer.write(b"{}]")
        await writer.drain()

    return serve(talk, path)


def answering(
    answer: Callable[[str], tuple[int, bytes] | tuple[int, bytes, dict[str, str]]],
    path: Path | None = None,
    tls: ssl.SSLContext | None = None,
) -> contextlib.AbstractAsyncContextManager[Peer]:
    """A plain HTTP server: `answer("GET /version")` gives status, body and, where wanted, headers."""

    async def talk(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            status, body, *more = answer(await request(peer, reader))
            headers = {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **(more[0] if more else {}),
            }
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            writer.write(f"HTTP/1.1 {status} Word\r\n{lines}\r\n".encode() + body)
            await writer.drain()
            peer.sent += len(body)

    return serve(talk, path, tls)


@contextlib.asynccontextmanager
async def wrong_tls(folder: Path, *, name: str = "127.0.0.1") -> AsyncIterator[Peer]:
    """TLS with a certificate of an authority that nobody trusts; `peer.https`."""
    async with answering(lambda _: (200, b"{}"), tls=Authority(folder).server(name)) as peer:
        yield peer


class Authority:
    """A certificate authority of the test's own; `ca` is its certificate file."""

    def __init__(self, folder: Path, name: str = "test authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .add_extension(_usage(sign=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca = folder / f"{name.replace(' ', '-')}.pem"
        self.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str = "127.0.0.1") -> tuple[Path, Path]:
        """A certificate for a host name or address, good for servers and clients, and its key: two files."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            other: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            other = x509.DNSName(name)
        certificate = (
            self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key)
            .add_extension(x509.SubjectAlternativeName([other]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(sign=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        cert_file, key_file = self._folder / f"{name}.cert.pem", self._folder / f"{name}.key.pem"
        cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.touch(mode=0o600)
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return cert_file, key_file

    def server(self, name: str = "127.0.0.1") -> ssl.SSLContext:
        """The server's side of TLS for `name`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name))
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
        )


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=sign,
        crl_sign=sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
