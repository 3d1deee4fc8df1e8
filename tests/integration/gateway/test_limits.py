"""Every limit at a real gateway: what who reached it meets, that it is counted and on record, that others stay."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.gateway.limits import Limit
from services.gateway.service import Gateway
from services.gateway.turning_away import MAX_WAITING
from tests.certificates import make_certificate
from tests.integration.gateway.client import Client
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, until
from tests.integration.gateway.test_port import UPGRADE, ask

SMALL = {
    "unlimited_addresses": "none",
    "trusted_proxies": "127.0.0.1",
    "max_connections_per_address": 2,
    "max_connects_per_second": 1,
    "max_message_bytes": 20_000,
    "max_bytes_per_second": 10_000,
    "max_messages_per_second": 5,
    "max_requests_per_second": 1,
    "max_subscriptions": 1,
    "max_where_conditions": 1,
    "max_resume_events": 100,
    "max_resumed_events_per_second": 1,
}
EVERYBODY_ELSE = {"X-Forwarded-For": "198.51.100.1"}
ANY = 1_000_000


async def too_many_bytes(client: Client) -> None:
    with suppress(ConnectionClosed):
        for _ in range(100):
            await client.send("ping", {"filler": "x" * 9_000})


async def too_many_messages(client: Client) -> None:
    with suppress(ConnectionClosed):
        for _ in range(500):
            await client.send("ping", {})


async def too_long_a_message(client: Client) -> None:
    await client.send("ping", {"filler": "x" * 21_000})


async def too_many_fragments(client: Client) -> None:
    await client.socket.send(["x"] * 1100)


CLOSING = {
    Limit.BYTES: (too_many_bytes, 4503, {"max_messages_per_second": ANY}),
    Limit.MESSAGES: (too_many_messages, 4503, {"max_bytes_per_second": ANY}),
    Limit.MESSAGE_SIZE: (too_long_a_message, 1009, {}),
}


@pytest.mark.parametrize(("limit", "case"), CLOSING.items(), ids=[str(limit) for limit in CLOSING])
async def test_who_sends_too_much_is_closed_and_nobody_else_notices(
    listener: FakeListener,
    start_gateway: StartGateway,
    client_of: ConnectClient,
    limit: Limit,
    case: tuple[Callable[[Client], Awaitable[None]], int, dict[str, int]],
) -> None:
    act, code, settings = case
    gateway = await start_gateway(**{**SMALL, **settings})
    bystander = await client_of(gateway, additional_headers=EVERYBODY_ELSE)
    await bystander.register()
    with capture_logs() as lines:
        client = await client_of(gateway)
        await client.register()
        await act(client)
        assert await client.closed() == code
    assert reached(gateway) == {limit: 1}
    assert record(lines) == [("127.0.0.1", "limit", str(limit))]
    listener.insert()
    assert await bystander.events(1) == [1]


async def test_a_message_in_too_many_pieces_is_too_long(start_gateway: StartGateway, client_of: ConnectClient) -> None:
    gateway = await start_gateway(max_frames_per_second=ANY)
    client = await client_of(gateway)
    await too_many_fragments(client)
    assert await client.closed() == 1009
    assert reached(gateway) == {Limit.MESSAGE_SIZE: 1}


async def test_a_client_that_takes_no_long_messages_has_reached_no_limit_of_ours(
    start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    """The code is its own, and comes back to it as the protocol has it (RFC 6455 section 5.5.1)."""
    gateway = await start_gateway()
    client = await client_of(gateway)
    await client.register()
    with capture_logs() as lines:
        await client.socket.close(1009)
        await until(lambda: not gateway.hub.connections)
    assert reached(gateway) == {}
    assert record(lines) == []


async def test_who_asks_for_too_much_is_told_and_stays(start_gateway: StartGateway, client_of: ConnectClient) -> None:
    gateway = await start_gateway(**{**SMALL, "max_messages_per_second": 100})
    gateway.hub.clock = lambda: 1_800_000_000.0
    client = await client_of(gateway)
    await client.register(subscribe=[{"id": "one"}])
    two = {"id": {"eq": "1"}, "destination_id": {"eq": "x"}}
    for message_type, data, code in (
        ("subscribe", {"id": "two"}, "too_many_subscriptions"),
        ("subscribe", {"id": "one", "tables": ["bookings"], "where": two}, "too_many_conditions"),
    ):
        await client.send(message_type, data)
        assert (await client.expect("error"))["code"] == code
    for number in range(11):
        await client.send("broadcast", {"event_type": "RING", "data": {}, "id": number})
    answers = [(await client.receive()) for _ in range(11)]
    refused = [answer["data"] for answer in answers if answer["message_type"] == "error"]
    assert [(data["code"], data["id"]) for data in refused] == [("too_many_requests", 10)]
    assert reached(gateway) == {Limit.SUBSCRIPTIONS: 1, Limit.CONDITIONS: 1, Limit.REQUESTS: 1}


async def test_an_address_with_too_many_connections_is_turned_away_and_others_come_in(
    start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(**{**SMALL, "trusted_proxies": None})
    gateway.hub.turnstile._monotonic = lambda: 1000.0
    here = [await client_of(gateway) for _ in range(2)]
    with capture_logs() as lines:
        answer = await ask(gateway, UPGRADE)
        with pytest.raises(InvalidStatus) as refused:
            await client_of(gateway)
    assert answer.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"\r\nRetry-After: 10\r\n" in answer
    assert b"too many connections from your address are open" in answer
    assert refused.value.response.status_code == 429
    assert record(lines) == [("127.0.0.1", "limit", "address_connections")]  # the second within the same second is not
    assert reached(gateway) == {Limit.ADDRESS_CONNECTIONS: 2}
    await here[0].register()
    assert len(gateway.hub.connections) == 2


async def test_few_of_those_who_are_turned_away_are_waited_for_and_not_for_long(
    start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(**{**SMALL, "trusted_proxies": None})
    here = await client_of(gateway)
    await client_of(gateway)
    silent = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(MAX_WAITING + 10)]
    for reader, writer in silent:
        assert await asyncio.wait_for(reader.read(), 90) == b""
        writer.close()
        await writer.wait_closed()
    await here.register()


async def test_an_address_that_left_may_come_again(start_gateway: StartGateway, client_of: ConnectClient) -> None:
    gateway = await start_gateway(
        unlimited_addresses="none", max_connections_per_address=1, max_connects_per_second=ANY
    )
    for _ in range(5):
        client = await client_of(gateway)
        await client.register()
        await client.socket.close()
        await until(lambda: not gateway.hub.connections)
    assert reached(gateway) == {}
    assert gateway.hub.turnstile.inside == 0


async def test_an_address_that_connects_too_often_is_told_when_to_come_again(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(unlimited_addresses="none", max_connections_per_address=3, max_connects_per_second=1)
    gateway.hub.turnstile._monotonic = lambda: 1000.0
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    answers = [await ask(gateway, health) for _ in range(5)]
    assert [answer.split(b" ")[1] for answer in answers] == [b"200"] * 3 + [b"429"] * 2
    assert b"\r\nRetry-After: 1\r\n" in answers[4]
    gateway.hub.turnstile._monotonic = lambda: 1001.0
    assert (await ask(gateway, health)).startswith(b"HTTP/1.1 200")
    assert reached(gateway) == {Limit.CONNECT_RATE: 2}


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
async def test_behind_a_proxy_its_clients_are_counted_by_their_own_addresses(
    start_gateway: StartGateway, client_of: ConnectClient, header: str
) -> None:
    gateway = await start_gateway(**SMALL, forwarded_header=header)

    def said(client: str) -> dict[str, str]:
        return {header: f"for=6.6.6.6, for={client}" if header == "Forwarded" else f"6.6.6.6, {client}"}

    for number in range(1, 4):
        for _ in range(2):
            client = await client_of(gateway, additional_headers=said(f"203.0.113.{number}"))
            await client.register()
    with capture_logs() as lines, pytest.raises(InvalidStatus) as refused:
        await client_of(gateway, additional_headers=said("203.0.113.2"))
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "10"
    assert record(lines) == [("203.0.113.2", "limit", "address_connections")]


async def test_behind_a_proxy_the_record_names_the_client(
    start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(trusted_proxies="127.0.0.0/8", client_key="k" * 40)
    with capture_logs() as lines:
        client = await client_of(gateway, additional_headers={"X-Forwarded-For": "203.0.113.9"})
        await client.send("register", {"app_name": "x", "token": "wrong"})
        assert await client.closed() == 4501
    assert record(lines) == [("203.0.113.9", "register", "wrong_key")]


async def test_with_tls_who_is_turned_away_costs_no_handshake(start_gateway: StartGateway, tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    gateway = await start_gateway(**{**SMALL, "trusted_proxies": None}, tls_cert=files.cert, tls_key=files.key)
    silent = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(2)]
    await until(lambda: gateway.hub.turnstile.inside == 2)
    assert not gateway.hub.connections, "those have not even begun their TLS handshake, and count"
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    with suppress(ConnectionError):
        writer.write(b"\x16\x03\x01")
        assert await asyncio.wait_for(reader.read(), 90) == b""
    assert reached(gateway) == {Limit.ADDRESS_CONNECTIONS: 1}
    for _, item in [*silent, (reader, writer)]:
        item.close()
        with suppress(ConnectionError):
            await item.wait_closed()
    await until(lambda: gateway.hub.turnstile.inside == 0)


async def test_who_was_away_for_too_long_reloads_and_the_log_is_not_asked(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    listener.insert(300)
    gateway = await start_gateway(max_resume_events=100)
    before = len(replays(listener))
    client = await client_of(gateway)
    await client.register(resume={"epoch": "epoch-1", "seq": 199})
    resync = await client.expect("resync")
    assert (resync["reason"], resync["tables"], resync["seq"]) == ("position_expired", None, 300)
    listener.insert()
    assert await client.events(1) == [301]
    assert len(replays(listener)) == before
    assert reached(gateway) == {Limit.RESUME_RANGE: 1}
    other = await client_of(gateway)
    await other.register(resume={"epoch": "epoch-1", "seq": 201})
    assert await other.events(100) == list(range(202, 302))


async def test_an_address_that_asks_for_history_again_and_again_is_told_to_come_later(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    listener.insert(100)
    rates = {"max_resume_events": 150, "max_resumed_events_per_second": 5}
    gateway = await start_gateway(**{**SMALL, **rates, "max_connections_per_address": 100})
    gateway.hub.turnstile._monotonic = lambda: 1000.0
    position = {"epoch": "epoch-1", "seq": 10}
    first = await client_of(gateway)
    await first.register(resume=position)
    assert await first.events(90) == list(range(11, 101))
    second = await client_of(gateway)
    await second.send("register", {"app_name": "test", "resume": position})
    assert await second.closed() == 4005
    assert not gateway.hub.clients.keys() - {next(iter(gateway.hub.clients))}
    other = await client_of(gateway, additional_headers=EVERYBODY_ELSE)
    await other.register(resume=position)
    assert await other.events(90) == list(range(11, 101))
    gateway.hub.turnstile._monotonic = lambda: 1100.0
    again = await client_of(gateway)
    await again.register(resume=position)
    assert await again.events(90) == list(range(11, 101))
    assert reached(gateway) == {Limit.RESUME_RATE: 1}


async def test_who_would_wait_for_long_reloads_and_who_has_to_reload_anyway_is_not_charged(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    listener.insert(100)
    gateway = await start_gateway(**{**SMALL, "max_connections_per_address": 100, "max_resume_events": 150})
    gateway.hub.turnstile._monotonic = lambda: 1000.0
    position = {"epoch": "epoch-1", "seq": 10}
    for _ in range(2):
        client = await client_of(gateway)
        await client.register(resume={"epoch": "epoch-1.former-rights", "seq": 10})
        assert (await client.expect("resync"))["reason"] == "rights_changed"
    first = await client_of(gateway)
    await first.register(resume=position)
    assert await first.events(90) == list(range(11, 101))
    second = await client_of(gateway)
    await second.register(resume=position)
    resync = await second.expect("resync")
    assert (resync["reason"], resync["seq"]) == ("position_expired", 100)
    listener.insert()
    assert await second.events(1) == [101]
    assert reached(gateway) == {Limit.RESUME_RATE: 1}


async def test_deadlines_are_counted(start_gateway: StartGateway, client_of: ConnectClient) -> None:
    hasty, patient = await start_gateway(handshake_timeout=0.1), await start_gateway(register_timeout=0.1)
    client = await client_of(patient)
    answer, code = await asyncio.gather(ask(hasty, b""), client.closed())
    assert (answer[:13], code) == (b"HTTP/1.1 408 ", 4000)
    assert (reached(hasty), reached(patient)) == ({Limit.HANDSHAKE_TIME: 1}, {Limit.REGISTER_TIME: 1})


async def test_a_full_gateway_is_counted(start_gateway: StartGateway, client_of: ConnectClient) -> None:
    gateway = await start_gateway(max_connections=1)
    first = await client_of(gateway)
    assert await (await client_of(gateway)).closed() == 4002
    await first.register()
    assert reached(gateway) == {Limit.CONNECTIONS: 1}


async def test_every_limit_has_its_metric_before_it_is_reached(gateway: Gateway) -> None:
    text = generate_latest(gateway.registry).decode()
    found = re.findall(r'^wasla_limits_reached_total\{reason="(\w+)"\} 0\.0$', text, re.MULTILINE)
    assert sorted(found) == sorted(Limit)


POLICY = """
[who]
anonymous = "board"
[roles.board]
tables."*" = {}
"""


async def test_what_a_role_may_not_do_is_on_record(
    start_gateway: StartGateway, client_of: ConnectClient, tmp_path: Path
) -> None:
    (tmp_path / "policy.toml").write_text(POLICY)
    gateway = await start_gateway(policy=tmp_path / "policy.toml")
    gateway.hub.clock = lambda: 1_800_000_000.0
    client = await client_of(gateway)
    await client.register()
    with capture_logs() as lines:
        for message_type, data in [("broadcast", {"event_type": "A"}), *[("clients", {})] * 9]:
            await client.send(message_type, data)
            assert (await client.expect("error"))["code"] == "forbidden"
        gateway.hub.clock = lambda: 1_800_000_001.0
        await client.send("clients", {})
        await client.expect("error")
    assert record(lines) == [("127.0.0.1", what, "forbidden") for what in ["broadcast", *["clients"] * 5]]
    assert lines[-1]["left_out"] == "5"


def reached(gateway: Gateway) -> dict[Limit, int]:
    return {limit: count for limit, count in gateway.hub.turnstile.reached.items() if count}


def record(lines: list[Any]) -> list[tuple[str, str, str]]:
    return [(line["remote"], line["what"], line["why"]) for line in lines if line["event"] == "access refused"]


def replays(listener: FakeListener) -> list[Any]:
    return [request for request in listener.asked if type(request).__name__ == "ReplayRequest"]
