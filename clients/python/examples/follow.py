"""Print each change of a table as it is committed.

python follow.py [address] [table]
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from wasla_client import Event, Resync, Status, connect


class Link:
    """Says how the link is, whenever that is another; on stderr, so that stdout holds changes alone."""

    said = ""

    def show(self, status: Status) -> None:
        state = "connected" if status.connected else "connecting"
        text = f"{state} to {status.url}, database {status.database or 'unknown'}"
        if text != self.said:  # the status has more to it than this says, the round trip of a ping for one
            print(text, file=sys.stderr)
        self.said = text


async def follow(address: str, table: str) -> None:
    """Print until Ctrl-C."""
    async with connect(address, app_name="follow") as client:
        client.on("status", Link().show)
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
