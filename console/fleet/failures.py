"""What a Docker host's failure is called: every foreign exception becomes a SourceError here and nowhere else."""

from __future__ import annotations

import errno
import http.client
import ssl

import msgspec
import requests
import urllib3
from docker.errors import DockerException

from console import peer
from console.errors import SourceError
from console.fleet.address import Address
from console.fleet.transport import ANSWER_LIMIT, RefusedError, TooLargeError
from console.text import clean

FOREIGN = (
    DockerException,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    msgspec.MsgspecError,
    RefusedError,
    TooLargeError,
    OSError,
    http.client.HTTPException,
    RecursionError,
    # http.client and urllib3 raise these where a peer's head or chunk sizes are no HTTP.
    ValueError,
    AttributeError,
)
"""What may come out of a call to docker-py."""


_TIMEOUTS = (TimeoutError, requests.ReadTimeout, urllib3.exceptions.TimeoutError)
# urllib3 makes a refused connection one of its time-outs too (NewConnectionError), and requests follows it.


class _Reason(msgspec.Struct):
    message: str = ""


def explain(error: BaseException, what: str, address: Address) -> SourceError:
    """`what` says what was tried: "list containers"."""
    where = f"Docker at {address.url}"
    causes = peer.causes(error)
    for cause in causes:
        if isinstance(cause, RefusedError):
            return _refused(cause, what, where)
        if isinstance(cause, TooLargeError):
            return SourceError(
                f"{where} answered more than {ANSWER_LIMIT // 1_000_000} MB to: {what}",
                "Is this a Docker engine? Check the host's url.",
                kind="protocol",
            )
        if isinstance(cause, msgspec.MsgspecError | UnicodeDecodeError | RecursionError):
            return SourceError(
                f"{where} answered something that is not the Engine API to: {what} ({clean(str(cause), 200)})",
                "Is this a Docker engine, 20.10 or newer? Check the host's url.",
                kind="protocol",
            )
    if any(isinstance(c, ssl.SSLCertVerificationError) for c in causes):
        why = next(c.verify_message for c in causes if isinstance(c, ssl.SSLCertVerificationError))
        return SourceError(
            f"{where}: its certificate is not trusted: {clean(str(why), 200)}",
            "Set `tls.ca` of this host to the authority that signed it, and `url` to a name the certificate has.",
            kind="tls",
        )
    if any(isinstance(c, ssl.SSLError | requests.exceptions.SSLError) for c in causes):
        why = next((str(c) for c in causes if isinstance(c, ssl.SSLError)), str(error))
        return SourceError(
            f"{where}: no TLS with it: {clean(why, 200)}",
            "Does this port speak TLS, and does the engine want a client certificate (`tls.cert`, `tls.key`)?",
            kind="tls",
        )
    if any(isinstance(c, _TIMEOUTS) and not isinstance(c, urllib3.exceptions.NewConnectionError) for c in causes):
        return SourceError(
            f"{where} did not answer in time to: {what}",
            "The engine hangs or the way to it is slow: look at it with `docker info` on that machine.",
            kind="timeout",
        )
    for cause in causes:
        if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
            return _system(cause, what, where, address)
    return SourceError(
        f"{where} does not speak HTTP as an engine does, asked to {what}: {clean(str(causes[-1]) or repr(error), 200)}",
        "Is this a Docker engine? Check the host's url.",
        kind="protocol",
    )


def _refused(error: RefusedError, what: str, where: str) -> SourceError:
    try:
        said = msgspec.json.decode(error.body, type=_Reason).message
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = error.body.decode("utf-8", "replace")
    kind = {401: "refused", 403: "refused", 404: "missing", 429: "limited"}.get(error.status, "failed")
    hint = "Look at the engine's own log: journalctl -u docker."
    if kind == "refused":
        hint = "An authorisation plugin or a proxy in front of the engine refuses this; ask who runs it."
    elif error.status < 400:
        kind, hint = "protocol", "Is this a Docker engine? Check the host's url."
    elif kind == "missing":
        hint = ""
    return SourceError(
        f"{where} answered {error.status} to: {what}: {clean(said, 300) or 'no reason'}", hint, kind=kind
    )


def _system(error: OSError, what: str, where: str, address: Address) -> SourceError:
    reason = error.strerror or str(error)
    hint = "Is the engine running, and is the host's url right?"
    kind = "unreachable"
    if error.errno in (errno.EACCES, errno.EPERM):
        hint = f"This user may not open {address.path}: add it to the group docker, or use a rootless engine."
        kind = "refused"
    elif error.errno == errno.ENOENT and address.kind == "unix":
        hint = f"There is no {address.path}: start the engine (systemctl start docker), or correct the host's url."
    elif isinstance(error, ConnectionResetError | BrokenPipeError):
        hint = "The engine ended, or something between cut the connection."
    return SourceError(f"{where} cannot be reached to {what}: {clean(reason, 200)}", hint, kind=kind)
