"""Looks at the certificate that gateways and status page are to show."""

from __future__ import annotations

import time

from services.cli.doctor.facts import CertificateFacts
from services.cli.places import in_place
from shared.access.settings import AccessSettings
from shared.access.tls import certificate
from shared.errors import ConfigurationError


def examine_certificate(settings: AccessSettings) -> CertificateFacts | None:
    """Return what is seen of its files, None where no TLS is spoken."""
    try:
        read = certificate(in_place(settings, "tls_cert", "tls_key"))
    except ConfigurationError as error:
        return CertificateFacts(failure=str(error))
    if read is None:
        return None
    return CertificateFacts(path=str(read.cert), validity=read.validity, seen_at=time.time())
