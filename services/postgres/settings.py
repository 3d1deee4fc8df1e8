"""Settings of the embedded server's launcher."""

from __future__ import annotations

from shared.settings import Settings, setting


class PostgresSettings(Settings):
    """Where the embedded server is reachable besides its unix socket: nowhere, unless asked."""

    postgres_listen_addresses: str = setting(
        "",
        unit="-",
        description="embedded server: TCP addresses, comma separated; empty: its unix socket only",
    )
    postgres_port: int = setting(
        5432, unit="-", description="embedded server: TCP port, and the number in its socket's name", ge=2, le=65535
    )
