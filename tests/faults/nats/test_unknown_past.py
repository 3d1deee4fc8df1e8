"""What the stream holds is not always so any more: the database was set back, or a token was revoked meanwhile."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from services.gateway.service import Gateway
from tests.faults.nats.fleet import PATIENCE, Fleet, until
from tests.servers import only_newest

pytestmark = only_newest

SECRET = "s3cret-" * 6


@pytest.mark.parametrize(("lost", "waiting"), [(10, 2), (3, 15)])
async def test_of_a_database_that_was_set_back_clients_are_told(fleet: Fleet, lost: int, waiting: int) -> None:
    """While no listener ran; what waits to be numbered may be more than was lost."""
    async with fleet.listener() as listener:
        gateway = await fleet.lasting_gateway()
        judge = await fleet.judge(gateway)
        await fleet.write(20)
        top = await fleet.settled([judge])
        await until(lambda: listener.stream.behind == 0, "a stream that holds everything")
        former = listener.feed.recent.epoch
    await fleet.connection.execute("DELETE FROM wasla.event_log WHERE seq > $1", top - lost)
    await fleet.connection.execute("UPDATE wasla.position SET seq = $1", top - lost)
    await fleet.write(waiting)
    listener = await fleet.lasting_listener()
    await until(lambda: gateway.intake.epoch not in {"", former}, "another epoch")
    await until(lambda: bool(judge.resyncs), "a resync")
    late = await fleet.judge(gateway)
    await fleet.write(3)
    assert await fleet.top() == top - lost + waiting + 3
    await until(lambda: judge.seqs[-1:] == [top - lost + waiting + 3], "the events after it")
    await fleet.settled([late])
    assert [told["reason"] for told in judge.resyncs] == ["epoch_changed"]
    await until(
        lambda: listener.stream.tail is not None and listener.stream.tail.epoch == listener.feed.recent.epoch,
        "a stream of the new epoch",
    )


async def test_a_gateway_that_has_only_the_stream_takes_no_token(fleet: Fleet, short_directory: Path) -> None:
    """It cannot know which are revoked; whoever has the key is let in."""
    async with fleet.listener() as listener:
        judge = await fleet.judge(await fleet.lasting_gateway())
        await fleet.write(5)
        await fleet.settled([judge])
        await until(lambda: listener.stream.behind == 0, "a stream that holds everything")
    await fleet.connection.execute("SELECT wasla.revoke('token', 't1')")
    keys = short_directory / "keys"
    keys.touch(0o600)
    keys.write_text(SECRET)
    settings = {"token_keys": str(keys), "client_key": "k" * 32}
    async with fleet.gateway(**settings) as gateway:
        await until(lambda: gateway.intake.epoch != "", "a gateway that has joined the stream")
        assert await registered(gateway, token("t1")) == await registered(gateway, token("t2")) == 4002
        assert await registered(gateway, "k" * 32) is None
        await fleet.lasting_listener()
        async with asyncio.timeout(PATIENCE):
            while await registered(gateway, token("t2")) == 4002:  # noqa: ASYNC110 - a client comes again
                await asyncio.sleep(0.05)
        assert await registered(gateway, token("t2")) is None
        assert await registered(gateway, token("t1")) == 4501


def token(name: str) -> str:
    """Return a good token of this id."""
    now = int(time.time())
    claims = {"sub": "amine", "aud": "wasla", "jti": name, "iat": now, "exp": now + 600}
    return jwt.encode(claims, SECRET, algorithm="HS256")


async def registered(gateway: Gateway, presented: str) -> int | None:
    """Register; return None once a client is in, else what its connection was closed with."""
    data: dict[str, Any] = {"app_name": "x", "token": presented}
    async with connect(f"ws://127.0.0.1:{gateway.port}/", open_timeout=PATIENCE) as socket:
        await socket.send(json.dumps({"message_type": "register", "data": data}))
        with suppress(ConnectionClosedError):
            while json.loads(await socket.recv())["message_type"] != "registered":
                pass
            return None
    return socket.close_code
