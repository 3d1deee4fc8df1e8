"""Whether the station demo is offered; an environment variable with the prefix ``WASLA_``."""

from __future__ import annotations

from shared.settings import Settings, setting


class StationSettings(Settings):
    """Settings of ``services.station``."""

    station_demo: bool | None = setting(
        None, unit="-", description="offer the station demo on the status port; unset: with the embedded server only"
    )

    @property
    def is_offered(self) -> bool:
        """Only on tables that are surely the demo's own, unless somebody says otherwise."""
        return self.database_url is None if self.station_demo is None else self.station_demo
