"""``python -m services.pg_listener``."""

from __future__ import annotations

from services.lifecycle import run
from services.pg_listener.service import serve
from services.pg_listener.settings import ListenerSettings

if __name__ == "__main__":
    run("pg-listener", ListenerSettings, serve)
