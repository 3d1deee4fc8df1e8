"""Monitoring learns when the certificate ends, and after a renewal when the one in force does."""

from __future__ import annotations

import shutil
from pathlib import Path

from cryptography import x509

from tests.certificates import make_certificate
from tests.integration.gateway.conftest import StartGateway

NAME = "wasla_tls_certificate_not_after_seconds"


async def test_its_end_is_a_metric(start_gateway: StartGateway, tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    assert gateway.registry.get_sample_value(NAME) == ends(files.cert)
    former = ends(files.cert)
    while ends(files.cert) == former:  # to the second
        renewed = make_certificate(tmp_path, "renewed")
        shutil.copy(renewed.cert, files.cert)
        shutil.copy(renewed.key, files.key)
    assert gateway.registry.get_sample_value(NAME) == former
    gateway.reload()
    assert gateway.registry.get_sample_value(NAME) == ends(files.cert)


async def test_without_tls_there_is_none(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    assert gateway.registry.get_sample_value(NAME) is None


def ends(cert: Path) -> float:
    return x509.load_pem_x509_certificate(cert.read_bytes()).not_valid_after_utc.timestamp()
