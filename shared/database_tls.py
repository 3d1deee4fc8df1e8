"""TLS to the database, as the URL asks for it: sentences for what keeps it from being trusted.

``sslmode``, ``sslrootcert``, ``sslcert``, ``sslkey`` and ``sslcrl`` mean what they mean to libpq
(https://www.postgresql.org/docs/current/libpq-ssl.html), ``sslrootcert=system`` apart, which the driver does not know.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import asyncpg

from shared.errors import DatabaseRefused

FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")

_ANOTHER_NAME: Final = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL."""


def refuse_unreadable(url: str) -> None:
    """Raise DatabaseRefused for a file of the URL that cannot be read; the driver would not say which. A later try may
    find it: certificates are renewed."""
    for name, path in parse_qsl(urlsplit(url).query):
        if name in FILES:
            try:
                Path(path).open("rb").close()
            except OSError as error:
                raise DatabaseRefused(
                    f"{name} in WASLA_DATABASE_URL: expected a file that this process may read, got {path} "
                    f"({error.strerror}); correct the path, or its rights"
                ) from None


def complaint(error: BaseException) -> str | None:
    """Say what is wrong with the TLS that was to be, as the rest of a sentence about the server; None: nothing is."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_the_certificate(error)
    if isinstance(error, ssl.SSLError):
        return f"was not reached by TLS ({_reason(error)}); look at the ssl options of WASLA_DATABASE_URL"
    if isinstance(error, ConnectionError) and "rejected SSL upgrade" in str(error):
        return "offers no TLS, which sslmode in WASLA_DATABASE_URL demands; set ssl = on there, with a certificate"
    return None


def advice(error: BaseException, url: str) -> str:
    """Say what to do about a server that does not answer: one that does not trust a certificate hangs up, not more."""
    if isinstance(error, asyncpg.ConnectionDoesNotExistError) and "sslcert" in dict(parse_qsl(urlsplit(url).query)):
        return "start it, or have it trust the authority of sslcert (ssl_ca_file)"
    return "start it, or correct WASLA_DATABASE_URL"


def _of_the_certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _ANOTHER_NAME:
        return (
            f"shows a certificate of another name ({error.verify_message}); connect by a name that it has, or have it "
            "made for this one (subjectAltName)"
        )
    return (
        f"shows a certificate that is not trusted ({error.verify_message}); give sslrootcert in WASLA_DATABASE_URL the "
        "authority that issued it, or renew it"
    )


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()
