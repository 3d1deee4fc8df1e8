"""WebSockets through nginx and HAProxy, by the configurations of docs/deploy."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import warnings
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.deploy.fronts import IDLE_TIMEOUT, NAME, Front
from tests.deploy.machines import GatewayMachine
from tests.e2e.clients import Client, connected
from tests.e2e.fleet import Fleet
from tests.e2e.sales import sell, selling
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(400)

NOTHING = [{"id": "nothing", "events": ["TRUNCATE"]}]


@contextlib.asynccontextmanager
async def on_both_machines(front: Front, other: GatewayMachine) -> AsyncIterator[tuple[Client, Client]]:
    """A client on A and one on B, as the proxy chose; it takes it a moment to trust a machine that is back."""
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(DEADLINE) as timeout:
        found: dict[bool, Client] = {}
        while len(found) < 2:
            client = await stack.enter_async_context(connected(front.url))
            if found.setdefault(other.serves(client.gateways[0]), client) is not client:
                await client.close()
                await asyncio.sleep(0.05)
        timeout.reschedule(None)
        yield found[False], found[True]


async def is_left_alone(client: Client, seconds: float) -> bool:
    """Tell whether a client that says nothing is still connected after that time."""
    try:
        async with asyncio.timeout(seconds):
            await client.closed()
    except TimeoutError:
        return True
    return False


async def test_silence_is_no_reason_to_cut(fronts: dict[str, Front], fleet: Fleet) -> None:
    """Pings alone keep a connection open for longer than a proxy bears silence."""
    async with contextlib.AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(connected(front.url, subscribe=NOTHING))
            for name, front in fronts.items()
        }
        assert await asyncio.gather(*(is_left_alone(client, IDLE_TIMEOUT + 1) for client in clients.values())) == [
            True for _ in clients
        ], {name: front.log for name, front in fronts.items()}
        for client in clients.values():
            await client.say("subscribe", {"id": "sales", "tables": ["bookings"]})
            await client.read_until(lambda client=client: bool(client.told("subscribed")), stay=True)
        (number,) = await sell(fleet.database_url, 1)
        for client in clients.values():
            await client.read_until(lambda client=client: number in client.ids(), stay=True)


async def let_newcomers_in(front: Front, until: asyncio.Future[None]) -> None:
    """Connect again and again, without an error, until it is done, and some more."""
    for _ in range(10):
        async with connected(front.url, at_once=True):
            pass
    while not until.done():
        async with connected(front.url, at_once=True):
            pass


async def test_a_drained_machine(front: Front, fleet: Fleet, other_machine: GatewayMachine) -> None:
    """Its clients go on at the other one by the same address; who is there already, and who comes, sees no error."""
    try:
        async with (
            on_both_machines(front, other_machine) as (bystander, moved),
            selling(lambda: fleet.database_url) as counter,
        ):
            await counter.sold(20)
            stopping = asyncio.create_task(asyncio.to_thread(other_machine.stop_gateways))
            code, _ = await asyncio.gather(moved.closed(), let_newcomers_in(front, stopping))
            assert code == 1001
            await stopping
            await moved.reconnect()
            assert moved.resumed == [False, True]
            await counter.sold(20)
            for client in (bystander, moved):
                await has_every_sale(client, list(counter.committed))
    finally:
        await asyncio.to_thread(other_machine.start_gateways)


async def test_gateways_that_are_killed(front: Front, fleet: Fleet, other_machine: GatewayMachine) -> None:
    """Their clients learn of it through the proxy, and resume by the same address; the others notice nothing."""
    async with (
        on_both_machines(front, other_machine) as (bystander, moved),
        selling(lambda: fleet.database_url) as counter,
    ):
        await counter.sold(20)
        await asyncio.to_thread(other_machine.kill_gateways)
        assert await moved.closed() == 1006
        await moved.reconnect()
        assert moved.resumed == [False, True]
        await counter.sold(20)
        for client in (bystander, moved):
            await has_every_sale(client, list(counter.committed))
    await asyncio.to_thread(other_machine.start_gateways)


async def has_every_sale(client: Client, committed: list[str]) -> None:
    """Read on the same connection until the last sale is there, and see that each came once, in order."""
    await client.read_until(lambda: committed[-1] in client.ids(), stay=True)
    received = client.ids()
    assert [number for number in received if number in set(committed)] == committed
    assert len(received) == len(set(received))


async def test_a_reload_cuts_nobody(front: Front, fleet: Fleet) -> None:
    """The process that serves a client goes on for it alone."""
    async with connected(front.url, at_once=True) as before:
        former = await asyncio.to_thread(front.reload)
        async with connected(front.url, at_once=True) as after:
            for number in await sell(fleet.database_url, 50):
                for client in (before, after):
                    await client.read_until(lambda client=client, number=number: number in client.ids(), stay=True)
        assert former & front.workers()


async def registers(front: Front, *, host: str, origin: str | None = None, source: str = "127.0.0.1") -> int | None:
    """Introduce a client that asked for *host*; return None where it is let in, else the code it is closed with."""
    opening = connect(
        f"wss://{host}",
        host="127.0.0.1",
        port=front.ports.front,
        server_hostname="localhost",
        open_timeout=DEADLINE,
        local_addr=(source, 0),
        origin=origin,
        additional_headers={"X-Forwarded-For": "203.0.113.7", "Forwarded": "for=203.0.113.7"},
    )
    async with asyncio.timeout(DEADLINE), opening as link:
        with contextlib.suppress(ConnectionClosed):
            await link.send('{"message_type": "register", "data": {"app_name": "page"}}')
            await link.recv()
            return None
        return link.close_code


async def test_pages_of_the_proxys_name_may_connect_and_others_may_not(front: Front) -> None:
    assert await registers(front, host=NAME, origin=f"https://{NAME}") is None
    assert await registers(front, host=NAME, origin="https://elsewhere.example") == 4502
    assert await registers(front, host="elsewhere.example", origin="https://elsewhere.example") == 4502


async def test_the_client_is_known_by_its_own_address(
    front: Front, fleet: Fleet, other_machine: GatewayMachine
) -> None:
    """Whatever it writes into the headers that proxies write."""
    source = "127.0.0.9" if front.name == "nginx" else "127.0.0.8"
    assert await registers(front, host=NAME, origin="https://elsewhere.example", source=source) == 4502
    await asyncio.to_thread(fleet.wait_for, "the refusal is logged", lambda: source in fleet.log + other_machine.log)
    assert "203.0.113.7" not in fleet.log + other_machine.log


async def test_tls_ends_at_the_proxy(front: Front) -> None:
    """Of the versions that are safe, and nobody is served without."""
    old = ssl.create_default_context()
    with warnings.catch_warnings(action="ignore"):  # Python warns of what is old
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await connect(front.url, ssl=old, open_timeout=DEADLINE)
    with pytest.raises((InvalidHandshake, OSError)):
        await connect(front.url.replace("wss:", "ws:"), open_timeout=DEADLINE)


async def test_the_status_page_is_for_operators(front: Front, fleet: Fleet, browser: Browser) -> None:
    await asyncio.to_thread(fleet.wait_for, "/readyz says yes", lambda: front.get("/readyz", Host=NAME)[0] == 200)
    assert (await asyncio.to_thread(front.get, "/", Host="elsewhere.example"))[0] == 403
    assert (await asyncio.to_thread(front.get, "/healthz", source="127.0.0.9"))[0] == 403
    for path in ("/", "/station"):
        assert await socket_of(browser, front, path) == f"wss://{front.ports.host}:{front.ports.machine_a}/"


async def socket_of(browser: Browser, front: Front, path: str) -> str:
    """Open a page at the proxy; return where it opens a WebSocket that it is answered on."""
    context = await browser.new_context(ignore_https_errors=True)
    page = await context.new_page()
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def watch(socket: WebSocket) -> None:
        socket.on("framereceived", lambda _: answered.done() or answered.set_result(socket.url))

    page.on("websocket", watch)  # before it is opened: both may be over before anybody could wait for them
    await page.goto(f"https://{front.ports.host}:{front.ports.front_status}{path}")
    async with asyncio.timeout(DEADLINE):
        url = await answered
    await context.close()
    return url
