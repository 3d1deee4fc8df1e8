"""What every process that listens for clients, or connects as one, is told about access."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

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
    tls_cert: Path | None = setting(
        None, unit="-", description="certificate and its chain (PEM) of gateways and status page; unset: no TLS"
    )
    tls_key: Path | None = setting(None, unit="-", description="private key (PEM) of that certificate")
