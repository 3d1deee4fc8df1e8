"""``python -m services.monitor``."""

from __future__ import annotations

from services.lifecycle import run
from services.monitor.service import serve
from services.monitor.settings import MonitorSettings

if __name__ == "__main__":
    run("monitor", MonitorSettings, serve)
