"""Print each change of a table as it is committed.

python follow.py [address] [table]
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from wasla_client import Event, Resync, Status, connect


def show_link(status: Status) -> None:
    """Say how the link is; on stderr, so that stdout holds changes alone."""
    state = "connected" if status.connected else "connecting"
    print(f"{state} to {status.url}, database {status.database or 'unknown'}", file=sys.stderr)


async def follow(address: str, table: str) -> None:
    """Print until Ctrl-C."""
    async with connect(address, app_name="follow") as client:
        client.on("status", show_link)
        async for item in client.events(table=table):
            match item:
                case Event():
                    print(item.seq, item.event_type, item.table, item.id, item.data, flush=True)
                case Resync():
                    print("load again:", ", ".join(item.tables or ["everything"]), flush=True)


if __name__ == "__main__":
    arguments = sys.argv[1:] or ["ws://127.0.0.1:8765"]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(follow(arguments[0], arguments[1] if len(arguments) > 1 else "bookings"))
