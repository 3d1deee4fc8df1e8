"""What the monitor can be told; every field is an environment variable with the prefix ``WASLA_``."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from shared.access.settings import AccessSettings
from shared.bus.settings import BusSettings
from shared.settings import items, setting

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared with, not bound


class MonitorSettings(AccessSettings, BusSettings):
    """Settings of ``services.monitor``; intervals in seconds."""

    status_host: str = setting("127.0.0.1", unit="-", description="address of the status page and the metrics")
    status_port: int = setting(8766, unit="-", description="port of the status page and the metrics", ge=1, le=65535)
    status_max_requests_per_second: int = setting(
        50, unit="requests/s", description="requests one address may make of it, and twenty times that at once", ge=1
    )
    host: str = setting("127.0.0.1", unit="-", description="address the gateways listen on")
    port: int = setting(8765, unit="-", description="port the gateways listen on", ge=1, le=65535)
    gateway_url: str | None = setting(
        None, unit="-", description="WebSocket the probe is received by; unset: WASLA_HOST and WASLA_PORT"
    )
    late_after: float = setting(2.0, unit="s", description="silence after which a process counts as late", gt=0)
    lost_after: float = setting(3.0, unit="s", description="silence after which a process counts as lost", gt=0)
    forget_after: float = setting(
        300.0, unit="s", description="silence after which a process that nobody means to run is forgotten", gt=0
    )
    restart_after: float = setting(
        3.0, unit="s", description="silence after which a process that still runs is killed, to be restarted", gt=0
    )
    restart_grace: float = setting(
        30.0, unit="s", description="time a started process has until its first heartbeat", gt=0
    )
    restart_min_interval: float = setting(
        15.0, unit="s", description="least time between two kills of the same process", gt=0
    )
    beating_programs: str = setting(
        "pg-listener,gateway,gateway-extra",
        unit="-",
        description="programs of supervisord that must send heartbeats, separated by commas",
    )
    check_interval: float = setting(0.5, unit="s", description="time between two looks at the processes", gt=0)
    probe_interval: float = setting(3.0, unit="s", description="time between two round trips of the probe", gt=0)
    probe_late_after: float = setting(2.0, unit="s", description="round trip from which delivery counts as late", gt=0)

    @property
    def probe_url(self) -> str:
        """Where the probe connects to: a wildcard address is reached over loopback."""
        if self.gateway_url is not None:
            return self.gateway_url
        host = _EVERY_ADDRESS.get(self.host, self.host)
        scheme = "ws" if self.tls_cert is None else "wss"
        return f"{scheme}://[{host}]:{self.port}" if ":" in host else f"{scheme}://{host}:{self.port}"

    @property
    def beating_groups(self) -> frozenset[str]:
        """:attr:`beating_programs` as names."""
        return frozenset(items(self.beating_programs))

    @model_validator(mode="after")
    def _silences_grow(self) -> Self:
        if not self.late_after < self.lost_after <= self.restart_after:
            raise ValueError(
                "expected WASLA_LATE_AFTER < WASLA_LOST_AFTER <= WASLA_RESTART_AFTER, "
                f"got {self.late_after}, {self.lost_after} and {self.restart_after} s"
            )
        return self
