"""What every process on the bus is told about it."""

from __future__ import annotations

from pathlib import Path

from shared.settings import Settings, setting


class BusSettings(Settings):
    """Settings of a process that connects to the bus, or is connected to."""

    bus_connect: str = setting(
        "tcp://127.0.0.1:8767", unit="-", description="every pg-listener's bus address, comma separated"
    )
    bus_key_file: Path | None = setting(
        None, unit="-", description="key of the bus; unset: bus.key in the data directory, where there is one"
    )
