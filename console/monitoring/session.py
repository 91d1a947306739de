"""The HTTP session under prometheus-api-client: whole answers, of bounded size, that can be given up at any time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from console.errors import SourceError

CHUNK = 65_536

_current = threading.local()


class TooLargeError(SourceError):
    """An answer above the limit of its call."""


class Call:
    """One request, so that another thread can give it up."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        """Most bytes the answer may have."""
        self._lock = threading.Lock()
        self._connection: HTTPConnection | None = None
        self._given_up = False

    def give_up(self) -> None:
        """Wake the thread that waits for the answer; it fails at once, and the peer sees that we are gone."""
        with self._lock:
            self._given_up = True
            connection = self._connection
            # A connection that went back to the pool may serve another call by now.
            if connection is not None and getattr(connection, "call", None) is self:
                _shut(connection.sock)

    def use(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._connection = connection
            if self._given_up:
                raise ConnectionAbortedError("given up")

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """Requests of this thread belong to this call."""
        _current.call = self
        try:
            yield
        finally:
            _current.call = None
            with self._lock:
                self._connection = None


class Whole:
    """An answer with all its bytes. To the library it looks like a success, so that it hands back all of it."""

    status_code = 200

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    def json(self) -> dict[str, dict[str, Whole]]:
        """The library returns data.result alone and drops warnings and error words: that is where all of it is put."""
        return {"data": {"result": self}}


class Session:
    """What the library takes for its session. It trusts no proxy, .netrc or redirect: only what the settings name is asked."""

    verify = True
    cert = None

    def __init__(self, tls: ssl.SSLContext | None, connections: int) -> None:
        self._adapter = _Adapter(tls, connections)
        self._inner = requests.Session()
        self._inner.trust_env = False
        self.headers = self._inner.headers
        self.headers["Accept-Encoding"] = "gzip"
        self.headers["User-Agent"] = "quarterdeck"

    def mount(self, prefix: str, adapter: object) -> None:
        """Our own adapter in place of the library's, which would retry and verify against another list of authorities."""
        del adapter
        self._inner.mount(prefix, self._adapter)

    def close(self) -> None:
        self._inner.close()

    def request(self, method: str, url: str, params: Mapping[str, str] | None = None, **options: Any) -> Whole:
        """Raises TooLargeError for an answer above the limit of the call under way, and what requests raises."""
        # A query may be longer than the address line that a proxy takes: it travels in the body.
        fields: dict[str, Any] = {"data": params} if method == "POST" else {"params": params}
        call: Call = _current.call
        options |= {"allow_redirects": False, "stream": True}
        with self._inner.request(method, url, **fields, **options) as response:
            body = bytearray()
            for chunk in response.iter_content(CHUNK):
                body += chunk
                if len(body) > call.limit:
                    raise TooLargeError(
                        f"The answer is larger than {call.limit // 1_048_576} MiB.",
                        "Ask for less: sum by (…), topk(20, …), a shorter range or a longer step.",
                    )
            return Whole(response.status_code, bytes(body), response.headers)


class _Known:
    """A connection that tells the call under way that it is used for it."""

    def connect(self) -> None:
        self._tell()
        super().connect()  # type: ignore[misc]  # a mix-in of urllib3's connections
        self._tell()

    def request(self, *args: Any, **options: Any) -> None:
        self._tell()
        super().request(*args, **options)  # type: ignore[misc]  # as above

    def _tell(self) -> None:
        call: Call | None = getattr(_current, "call", None)
        if call is not None:
            self.call = call
            call.use(self)  # type: ignore[arg-type]  # as above


class _Plain(_Known, HTTPConnection):
    pass


class _Secure(_Known, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def __init__(self, tls: ssl.SSLContext | None, connections: int) -> None:
        self._tls = tls
        super().__init__(pool_connections=1, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing to add: the context holds whom to trust and who we are."""

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self._tls} if self._tls is not None else {}


def _shut(sock: socket.socket | None) -> None:
    if sock is not None:
        # It may be closed by now, which is what was wanted.
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
