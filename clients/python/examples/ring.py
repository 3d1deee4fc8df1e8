"""Say who is connected, and ring at one of them.

python ring.py [address] [app_name]
"""

from __future__ import annotations

import sys

from wasla_client.sync import connect


def ring(address: str, app_name: str) -> None:
    """Print the roster, then ring."""
    with connect(address, app_name="ring") as client:
        for peer in client.clients().clients:
            print(peer.app_name, "on", peer.gateway)
        client.broadcast("RING", {"from": "ring"}, to={"app_name": app_name})
        print("rang at", app_name)


if __name__ == "__main__":
    arguments = sys.argv[1:] or ["ws://127.0.0.1:8765"]
    ring(arguments[0], arguments[1] if len(arguments) > 1 else "board")
