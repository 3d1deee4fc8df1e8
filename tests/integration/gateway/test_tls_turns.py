"""TLS handshakes begin in strangers' turns, and only so many are under way."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from structlog.testing import capture_logs

from services.gateway import server
from services.gateway.limits import Limit
from services.gateway.tls_turns import GivenUp, TlsTurns
from services.gateway.turns import Turns
from tests.certificates import make_certificate
from tests.integration.gateway.conftest import StartGateway
from tests.integration.gateway.fake_listener import until

PATIENCE = 60.0
BEGINNING_OF_A_HANDSHAKE = b"\x16\x03\x01"


@pytest.fixture
def callers() -> Iterator[list[socket.socket]]:
    """Our ends of connections whose other ends have said something."""
    pairs = [socket.socketpair() for _ in range(20)]
    for ours, theirs in pairs:
        ours.setblocking(False)
        theirs.send(b"hello")
    yield [ours for ours, _ in pairs]
    for pair in pairs:
        for each in pair:
            each.close()


async def test_who_says_nothing_begins_nothing() -> None:
    turns = TlsTurns(Turns(10))
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs, pytest.raises(TimeoutError):
        async with turns.turn(ours, patience=0.01):
            pytest.fail("it has said nothing")
    assert turns.under_way == 0


async def test_few_begin_in_each_turn_of_the_loop(callers: list[socket.socket]) -> None:
    turns, began_in = TlsTurns(Turns(3)), Counter[int]()
    turn = 0

    async def count_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def begin(caller: socket.socket) -> None:
        async with turns.turn(caller, patience=PATIENCE):
            began_in[turn] += 1

    counting = asyncio.create_task(count_turns())
    await asyncio.gather(*map(begin, callers))
    counting.cancel()
    assert began_in.total() == len(callers)
    assert max(began_in.values()) <= 3
    assert turns.under_way == 0


@pytest.mark.parametrize("honest", [0, 2], ids=["all of one site", "two of others, that began first"])
async def test_where_one_more_begins_one_of_the_site_that_has_the_most_has_to_go(
    callers: list[socket.socket], honest: int
) -> None:
    turns = TlsTurns(Turns(1), max_under_way=5)
    given_up: list[int] = []
    everybody_tried = asyncio.Event()

    async def begin(number: int) -> None:
        try:
            async with turns.turn(callers[number], patience=PATIENCE, site=number if number < honest else None):
                assert turns.under_way <= 5
                if number == len(callers) - 1:
                    everybody_tried.set()
                await everybody_tried.wait()
        except GivenUp:
            given_up.append(number)

    tasks = [asyncio.create_task(begin(number)) for number in range(len(callers))]
    await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)
    assert len(given_up) == len(callers) - 5
    assert len(callers) - 1 not in given_up, "it began last"
    assert not set(range(honest)) & set(given_up)
    assert turns.under_way == 0


async def test_who_was_given_up_is_counted_and_on_record(
    start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = make_certificate(tmp_path_factory.mktemp("tls"))
    monkeypatch.setattr(server, "TlsTurns", partial(TlsTurns, max_under_way=3))
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    with capture_logs() as lines:
        others = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(5)]
        for _, writer in others:
            writer.write(BEGINNING_OF_A_HANDSHAKE)
        await until(lambda: gateway.hub.turnstile.reached[Limit.TLS_HANDSHAKES] == 2)
    assert [line["why"] for line in lines if line["event"] == "access refused"][:1] == ["tls_handshakes"]
    assert gateway.hub.turnstile.inside == 3
    for _, each in others:
        each.transport.abort()


async def test_a_client_gets_in_beside_those_that_began_and_those_that_say_nothing(
    start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = make_certificate(tmp_path_factory.mktemp("tls"))
    gateway = await start_gateway(tls_cert=files.cert, tls_key=files.key)
    others = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(30)]
    for _, writer in others[:15]:
        writer.write(BEGINNING_OF_A_HANDSHAKE)
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", gateway.port, ssl=ssl.create_default_context(cafile=files.cert)
        )
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    for _, each in [*others, (reader, writer)]:
        each.transport.abort()
