"""``python -m services.gateway``."""

from __future__ import annotations

from services.gateway.service import serve
from services.gateway.settings import GatewaySettings
from services.lifecycle import run

if __name__ == "__main__":
    run("gateway", GatewaySettings, serve)
