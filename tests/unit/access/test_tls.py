"""Certificates: every mistake is a sentence, and a renewal that went wrong changes nothing."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from shared.access.settings import AccessSettings
from shared.access.tls import certificate, pinned_context
from shared.errors import ConfigurationError
from tests.certificates import make_certificate


def test_without_both_there_is_no_tls_and_one_alone_is_a_mistake(tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    assert certificate(AccessSettings()) is None
    assert pinned_context(AccessSettings()) is None
    with pytest.raises(ConfigurationError, match=r"WASLA_TLS_KEY: .*both, or neither"):
        certificate(AccessSettings(tls_cert=files.cert))
    with pytest.raises(ConfigurationError, match=r"WASLA_TLS_CERT: .*both, or neither"):
        certificate(AccessSettings(tls_key=files.key))


def test_what_is_spoken(tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    made = certificate(AccessSettings(tls_cert=files.cert, tls_key=files.key))
    assert made is not None
    assert made.context.minimum_version is ssl.TLSVersion.TLSv1_2
    names = {cipher["name"] for cipher in made.context.get_ciphers() if cipher["protocol"] == "TLSv1.2"}
    assert names
    assert all(name.startswith("ECDHE-") and ("GCM" in name or "CHACHA20" in name) for name in names)


def test_mistakes_are_sentences(tmp_path: Path) -> None:
    files, others = make_certificate(tmp_path), make_certificate(tmp_path, "other")
    broken = tmp_path / "broken"
    broken.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    for cert, key, expected in (
        (tmp_path / "missing", files.key, "WASLA_TLS_CERT: .*missing cannot be read"),
        (files.cert, tmp_path / "missing", "WASLA_TLS_KEY: .*missing cannot be read"),
        (files.key, files.key, "it holds no certificate"),
        (broken, files.key, "expected a certificate and its private key in PEM"),
        (files.cert, files.cert, "expected a certificate and its private key in PEM"),
        (files.cert, others.key, "WASLA_TLS_KEY: expected the private key of the certificate"),
    ):
        with pytest.raises(ConfigurationError, match=expected):
            certificate(AccessSettings(tls_cert=cert, tls_key=key))


def test_a_renewal_that_went_wrong_leaves_what_was_there(tmp_path: Path) -> None:
    files, others = make_certificate(tmp_path), make_certificate(tmp_path, "other")
    made = certificate(AccessSettings(tls_cert=files.cert, tls_key=files.key))
    assert made is not None
    context, good = made.context, files.key.read_text()
    files.key.write_text(others.key.read_text())
    with pytest.raises(ConfigurationError):
        made.reload()
    files.key.write_text(good)
    made.reload()
    assert made.context is context
