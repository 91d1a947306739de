"""docker-py held to what a console can bear: one connection a client, bounded answers, and an end from outside.

A client is used by one thread at a time (docker-py is not thread-safe, docker/docker-py#3229).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import docker
import requests
import urllib3
from docker.tls import TLSConfig
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from console.fleet.address import Address
from console.settings.model import Tls

ANSWER_LIMIT = 32_000_000
"""Bytes of one answer: a list of 5,000 containers with long labels is 25 MB; more is no engine's list."""
REASON_LIMIT = 64_000
"""Bytes of an error's answer that are read for its reason."""
CONNECT_S = 5.0
"""How long a connection may take: a reply from the other side of the world takes 0.4 s."""
PIECE = 65_536


class RefusedError(Exception):
    """The engine answered with an error: its status and its own words."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


class TooLargeError(Exception):
    """An answer has more than ANSWER_LIMIT bytes."""


class Client(docker.APIClient):
    """The low-level client with its requests and answers held to limits.

    Answers with JSON come back as the bytes they are, so that they are decoded once and straight into a Struct.
    """

    def __init__(self, address: Address, version: str, tls: Tls | None, timeout_s: float | None) -> None:
        self._connection: socket.socket | None = None
        self._connection_lock = threading.Lock()
        self._aborted = False
        super().__init__(base_url=address.http, version=version, timeout=cast("int", timeout_s), tls=_tls(address, tls))
        # Nothing of the environment: proxies, .netrc and CA bundles for other purposes would lead it astray.
        self.trust_env = False
        self.headers["Accept-Encoding"] = "identity"
        adapter: HTTPAdapter = _unix_adapter(address.path, self._hold) if address.kind == "unix" else _Tcp(self._hold)
        self.mount(f"{self.base_url.partition('://')[0]}://", adapter)

    # -- what docker-py's calls are built on -----------------------------------------------------------------------

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:  # type: ignore[override]  # the same parameters, passed on
        timeout = kwargs.get("timeout")
        kwargs["timeout"] = (CONNECT_S if timeout is None else min(CONNECT_S, timeout), timeout)
        # Bodies are read by the calls below, piece by piece; a redirect would lead to a peer nobody configured.
        return super().request(method, url, **{**kwargs, "stream": True, "allow_redirects": False})

    def _raise_for_status(self, response: requests.Response) -> None:
        if response.status_code >= 300:
            body = b""
            with contextlib.suppress(urllib3.exceptions.HTTPError, OSError, TooLargeError):
                body = b"".join(_pieces(response, REASON_LIMIT))
            response.close()
            raise RefusedError(response.status_code, body)

    def _result(self, response: requests.Response, json: bool = False, binary: bool = False) -> Any:
        self._raise_for_status(response)
        try:
            body = b"".join(_pieces(response, ANSWER_LIMIT))
        except BaseException:
            response.close()
            raise
        return body if json or binary else body.decode("utf-8", "replace")

    def _stream_helper(self, response: requests.Response, decode: bool = False) -> Iterator[bytes]:  # noqa: ARG002  # docker-py's signature
        # Stock docker-py reads one byte and then a whole chunk of whatever size the peer names.
        self._raise_for_status(response)
        with contextlib.closing(response):
            yield from _pieces(response)

    def _get_result(self, container: str, stream: bool, res: requests.Response) -> Iterator[bytes]:  # noqa: ARG002  # docker-py's signature
        # Logs: the raw frames, since docker-py drops which stream a line came from.
        return self._stream_helper(res)

    # -- an end from outside ---------------------------------------------------------------------------------------

    def abort(self) -> None:
        """End what goes on, from any thread: the one that reads gets an error at once. The client is done with."""
        with self._connection_lock:
            self._aborted = True
            if self._connection is not None:
                with contextlib.suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it, in the thread that uses it."""
        super().close()
        with self._connection_lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _hold(self, connection: socket.socket) -> None:
        # A second handle on the same connection: TLS takes the first one's descriptor away, and http.client closes
        # its own as soon as it has read the head of an answer that ends with the connection.
        with self._connection_lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = connection.dup()
            if self._aborted:
                connection.shutdown(socket.SHUT_RDWR)


def _pieces(response: requests.Response, limit: int | None = None) -> Iterator[bytes]:
    """The body as it arrives. Raises TooLargeError beyond `limit` bytes."""
    read = 0
    while piece := response.raw.read1(PIECE, decode_content=False):
        read += len(piece)
        if limit is not None and read > limit:
            raise TooLargeError
        yield piece


def _tls(address: Address, tls: Tls | None) -> TLSConfig | bool:
    if address.kind != "tls":
        return False
    tls = tls or Tls()
    # Without verify=True docker-py's TLSConfig means: trust everybody.
    return TLSConfig(
        client_cert=(tls.cert, tls.key) if tls.cert else None,
        ca_cert=tls.ca or ssl.get_default_verify_paths().cafile,
        verify=True,
    )


Hold = Callable[[socket.socket], None]


class _Tcp(HTTPAdapter):
    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        hold = self._hold

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                connection = super()._new_conn()
                hold(connection)
                return connection

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                connection = super()._new_conn()
                hold(connection)
                return connection

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


def _unix_adapter(path: str, hold: Hold) -> HTTPAdapter:
    """One pool for every URL; docker-py's own adapter opens a connection for each."""

    class Unix(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(CONNECT_S)
                connection.connect(path)
            except BaseException:
                connection.close()
                raise
            hold(connection)
            return connection

    class UnixPool(HTTPConnectionPool):
        ConnectionCls = Unix

    pool = UnixPool("localhost", maxsize=1)

    class OnePool(HTTPAdapter):
        def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
            return pool

        def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:  # noqa: ARG002  # requests' signature
            return request.path_url

        def close(self) -> None:
            super().close()
            pool.close()

    return OnePool()
