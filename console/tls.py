"""The TLS that the settings ask for: whom to trust, and who we are."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

from console.errors import SourceError
from console.settings.model import Tls


def client_context(tls: Tls | None) -> ssl.SSLContext:
    """A verifying client context; without `tls` it trusts what the system trusts.

    Raises SourceError (tls) where a file named in the settings cannot be used.
    """
    if tls is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=tls.ca or None)
    except (OSError, ssl.SSLError) as error:
        raise SourceError(
            f"The certificate authorities in {tls.ca} cannot be read: {error.strerror or error}",
            "tls.ca names a readable PEM file.",
            kind="tls",
        ) from error
    if tls.cert:
        try:
            context.load_cert_chain(tls.cert, tls.key or None)
        except (OSError, ssl.SSLError) as error:
            raise SourceError(
                f"The client certificate {tls.cert} cannot be used: {error.strerror or error}",
                "tls.cert and tls.key name a readable PEM certificate and its unencrypted key.",
                kind="tls",
            ) from error
    return context


def context_for(url: str, tls: Tls | None) -> ssl.SSLContext | None:
    """The context for `url`; None where it speaks plain HTTP, since to build one takes 20 ms. Raises as above.

    By the parsed scheme: `HTTPS://` is as much TLS as `https://`, and a token must never go to an unverified peer.
    """
    return None if urlsplit(url).scheme.lower() == "http" else client_context(tls)
