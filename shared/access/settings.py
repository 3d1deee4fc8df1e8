"""What every process that listens for clients, or connects as one, is told about access."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from shared.access.forwarding import ForwardedHeader
from shared.settings import Settings, setting


class AccessSettings(Settings):
    """Settings of the gateways and of the status page alike."""

    allow_anonymous: bool = setting(
        False, unit="-", description="let everybody in without a key or token, other machines included"
    )
    client_key: SecretStr | None = setting(
        None, unit="-", description="key that clients present; unset: the one in WASLA_CLIENT_KEY_FILE"
    )
    client_key_file: Path | None = setting(
        None, unit="-", description="file with that key; unset: client.key in the data directory, where there is one"
    )
    allowed_hosts: str | None = setting(
        None, unit="-", description="further names this machine is reached by from pages, comma separated"
    )
    unlimited_addresses: str = setting(
        "127.0.0.0/8,::1", unit="-", description="addresses and networks that are not limited by address; none: all are"
    )
    trusted_proxies: str | None = setting(
        None, unit="-", description="addresses and networks of proxies that say whom they speak for, comma separated"
    )
    forwarded_header: ForwardedHeader = setting(
        "X-Forwarded-For", unit="-", description="header in which they say so: X-Forwarded-For or Forwarded"
    )
    tls_cert: Path | None = setting(
        None, unit="-", description="certificate and its chain (PEM) of gateways and status page; unset: no TLS"
    )
    tls_key: Path | None = setting(None, unit="-", description="private key (PEM) of that certificate")
