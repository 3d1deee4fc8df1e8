"""What every process on the bus is told about it."""

from __future__ import annotations

from pathlib import Path

from shared.settings import Settings, setting


class BusSettings(Settings):
    """Settings of a process that connects to the bus, or is connected to."""

    bus: str = setting(
        "zmq", unit="-", description="engine of the bus: zmq, or NATS servers (nats://127.0.0.1:4222), comma separated"
    )
    bus_connect: str = setting(
        "tcp://127.0.0.1:8767", unit="-", description="every pg-listener's bus address, comma separated"
    )
    bus_key_file: Path | None = setting(
        None, unit="-", description="key of the bus; unset: bus.key in the data directory, where there is one"
    )
    bus_credentials: Path | None = setting(
        None, unit="-", description="credentials for the NATS servers: a .creds file, or a file with an NKEY seed"
    )
    bus_ca: Path | None = setting(
        None, unit="-", description="certificate authority of the NATS servers (PEM); unset: the system's"
    )
    bus_prefix: str = setting(
        "wasla",
        unit="-",
        pattern=r"^[a-z][a-z0-9_-]*$",
        description="first word of every NATS subject, and name of the stream",
    )
