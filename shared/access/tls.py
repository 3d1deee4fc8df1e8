"""Certificates: the server's context for gateways and status page, and the one our own tools trust.

The certificate may be renewed under running processes: :meth:`Certificate.reload` takes the new files for who connects
from then on; connections that stand are left alone. A context holds one certificate for each kind of key, and would go
on showing the former where the next has another kind; so each reading makes one of its own, to which the server's hands
over at the beginning of each handshake. The probe and the command line reach this machine by loopback, by a
name that no certificate bears, so they trust exactly the configured certificate, by whatever name
(:func:`pinned_context`).
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.access.settings import AccessSettings
from shared.access.validity import Validity, validity
from shared.errors import ConfigurationError

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secrecy and authenticated encryption alone; TLS 1.3 has no others (RFC 9325 section 4.2)."""

_FIRST: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(slots=True)
class Certificate:
    """The certificate in force; ``context`` is what new connections are accepted with, always the same object.

    ``validity`` is that of the server's own certificate, whatever the rest of its chain says.
    """

    cert: Path
    key: Path
    context: ssl.SSLContext = field(init=False)
    validity: Validity = field(init=False)
    _current: ssl.SSLContext = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._current, self.validity = _read(self.cert, self.key)
        self.context = self._current
        self.context.sni_callback = self._hand_over

    def reload(self) -> None:
        """Read the files again; where they do not fit, raise ConfigurationError and stay with what was there."""
        self._current, self.validity = _read(self.cert, self.key)

    def _hand_over(self, handshake: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Have a handshake, which may name a server or not, go on with the certificate that is in force now."""
        handshake.context = self._current


def certificate(settings: AccessSettings) -> Certificate | None:
    """Return the certificate that the settings name, or None; raise ConfigurationError for one that cannot be used."""
    if settings.tls_cert is None and settings.tls_key is None:
        return None
    if settings.tls_cert is None or settings.tls_key is None:
        missing = "WASLA_TLS_CERT" if settings.tls_cert is None else "WASLA_TLS_KEY"
        raise ConfigurationError(f"{missing}: TLS needs WASLA_TLS_CERT and WASLA_TLS_KEY; set both, or neither")
    return Certificate(settings.tls_cert, settings.tls_key)


def pinned_context(settings: AccessSettings) -> ssl.SSLContext | None:
    """Return what connects to this machine's own ports, trusting the configured certificate alone; None without TLS.

    Read anew for each connection, the file may have been renewed.
    """
    if settings.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    # The leaf alone, so that whoever has another certificate of the same authority is not taken for us.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=ssl.PEM_cert_to_DER_cert(_leaf(settings.tls_cert)))
    except ssl.SSLError as error:
        raise _unusable("WASLA_TLS_CERT", settings.tls_cert, error) from None
    return context


def _read(cert: Path, key: Path) -> tuple[ssl.SSLContext, Validity]:
    leaf = _leaf(cert)
    return _server_context(cert, key), validity(ssl.PEM_cert_to_DER_cert(leaf))


def _server_context(cert: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_SINGLE_ECDH_USE
    _readable("WASLA_TLS_KEY", key)
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ConfigurationError(
                f"WASLA_TLS_KEY: expected the private key of the certificate in {cert}, {key} is another's; name the "
                "files that were made together"
            ) from None
        raise _unusable("WASLA_TLS_CERT or WASLA_TLS_KEY", f"{cert} and {key}", error) from None
    return context


def _no_password() -> str:
    raise ConfigurationError(
        "WASLA_TLS_KEY: expected a private key that needs no password; write one with openssl pkey, for its owner alone"
    )


def _leaf(cert: Path) -> str:
    """Return the first certificate of the file, the server's own."""
    found = _FIRST.search(_readable("WASLA_TLS_CERT", cert))
    if found is None:
        raise _unusable("WASLA_TLS_CERT", cert, "it holds no certificate")
    return found[0]


def _readable(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise ConfigurationError(f"{name}: {path} cannot be read ({error.strerror}); name a PEM file") from None


def _unusable(name: str, path: Path | str, reason: object) -> ConfigurationError:
    return ConfigurationError(f"{name}: expected a certificate and its private key in PEM, {path} is not ({reason})")
