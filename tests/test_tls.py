"""A token never goes to a TLS peer that was not verified."""

from __future__ import annotations

import ssl

import pytest

from console.errors import SourceError
from console.settings.model import Tls
from console.tls import client_context, context_for


@pytest.mark.parametrize("url", ["https://h", "HTTPS://h", "Https://h:9093/prefix"])
def test_every_spelling_of_https_is_verified(url):
    context = context_for(url, None)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_plain_http_needs_none():
    assert context_for("http://127.0.0.1:9093", None) is None


def test_a_file_that_cannot_be_used_is_named(tmp_path):
    wrong = tmp_path / "ca.pem"
    wrong.write_text("not a certificate")
    with pytest.raises(SourceError) as caught:
        client_context(Tls(ca=str(wrong)))
    assert caught.value.kind == "tls"
    assert str(wrong) in caught.value.message
