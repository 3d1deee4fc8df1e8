"""uWebSockets under Python (socketify): clients subscribe to a topic, what the client at ``/feed`` sends is published.

    python socketify_server.py PORT

Two things keep Python out of what is measured. The loop is libuv's own: ``app.run()`` would poll it from asyncio, at
a rate of events like these without a pause. And events are published at the end of the loop's turn rather than from
the handler that received them: there the feed's own connection holds the one cork buffer, and the server would write
every message by itself instead of joining a client's messages.
"""

from __future__ import annotations

import sys

from socketify import App, AppListenOptions, CompressOptions, OpCode

BEHAVIOUR = {
    "compression": CompressOptions.DISABLED,
    "max_payload_length": 1024 * 1024,
    "max_backpressure": 256 * 1024 * 1024,
    "idle_timeout": 120,
}


def main(port: int) -> None:
    """Serve for ever."""
    app = App()
    fed: list[str | bytes] = []

    def publish(_: object) -> None:
        for message in fed:
            app.publish("events", message, OpCode.TEXT)
        fed.clear()

    app.ws("/", {**BEHAVIOUR, "open": lambda ws: ws.subscribe("events")})
    app.ws("/feed", {**BEHAVIOUR, "message": lambda ws, message, opcode: fed.append(message)})
    app.listen(AppListenOptions(port=port, host="127.0.0.1"), lambda config: None)
    at_the_end_of_each_turn = app.loop.uv_loop.create_check(publish, None)
    app.loop.uv_loop.run()
    at_the_end_of_each_turn.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
