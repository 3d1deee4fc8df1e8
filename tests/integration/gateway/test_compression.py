"""permessage-deflate at a real gateway: agreed on where the operator wants it, the same bytes for all, and bounded."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode

from services.gateway.service import Gateway
from tests.browser import running_browser
from tests.integration.gateway.client import Client
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, event
from tests.integration.gateway.test_port import UPGRADE

OFFER = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
OFFERING = UPGRADE.replace(b"\r\n\r\n", b"\r\n" + OFFER + b"\r\n")
REGISTER = json.dumps({"message_type": "register", "data": {"app_name": "raw"}, "timestamp": "2026"}).encode()


@asynccontextmanager
async def opened(
    gateway: Gateway, request: bytes = OFFERING
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        writer.write(request)
        yield reader, writer, await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


def deflated(text: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def frame(payload: bytes, *, fin: bool = True, opcode: Opcode = Opcode.TEXT, rsv1: bool = True) -> bytes:
    made = bytearray(Frame(opcode, payload, fin).serialize(mask=True))
    made[0] |= 0x40 * rsv1
    return bytes(made)


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the first byte and the payload of a server's frame."""
    first, length = await asyncio.wait_for(reader.readexactly(2), 60)
    if length >= 126:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    return first, await reader.readexactly(length)


PIECES = deflated(b"x" * 70_000)
LONG_PING = deflated(json.dumps({"message_type": "ping"}).ljust(60_000).encode())


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> Gateway:
    """One gateway that compresses events of 500 bytes and more."""
    return await start_gateway(compression_min=500, max_message_bytes=65_536)


async def test_events_are_compressed_for_who_agreed_and_the_same_for_who_did_not(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    offering = [None, 12, 9]
    sockets = [
        await connect(
            f"ws://127.0.0.1:{gateway.port}/",
            compression=None,
            extensions=[ClientPerMessageDeflateFactory(server_max_window_bits=bits)],
        )
        for bits in offering
    ]
    plain = await client_of(gateway)
    clients = [*(Client(socket) for socket in sockets), plain]
    for client in clients:
        await client.register()
    async with opened(gateway) as (reader, writer, response):
        assert b"permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n" in response
        writer.write(frame(deflated(REGISTER)))
        assert json.loads((await read_frame(reader))[1])["message_type"] == "registered"
        assert json.loads((await read_frame(reader))[1])["message_type"] == "status"

        listener.publish(event(1), event(2, padding=5000), event(3, padding=5000))
        for client in clients:
            assert await client.events(3) == [1, 2, 3]
        short, first, second = [await read_frame(reader) for _ in range(3)]
        assert short[0] == 0x81, "a short one is not worth it"
        for number, (head, payload) in enumerate((first, second), 2):
            assert (head, len(payload) < 1000) == (0xC1, True)
            message = json.loads(zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff"))
            assert message["data"]["seq"] == number, "each by itself, whatever came before it"
        assert gateway.delivery.deflation.made == 2, "once for everybody"

    resumed = await connect(f"ws://127.0.0.1:{gateway.port}/")
    late = Client(resumed)
    await late.register(resume={"epoch": listener.epoch, "seq": 0})
    assert await late.events(3) == [1, 2, 3]
    assert gateway.delivery.deflation.made == 2
    for socket in (*sockets, resumed):
        await socket.close()


async def test_who_cannot_look_back_far_enough_is_sent_events_as_they_are(
    listener: FakeListener, gateway: Gateway
) -> None:
    narrow = OFFERING.replace(b"client_max_window_bits", b"server_max_window_bits=9")
    async with opened(gateway, narrow) as (reader, writer, response):
        assert b"server_max_window_bits=9" in response
        writer.write(frame(deflated(REGISTER)))
        await read_frame(reader)
        await read_frame(reader)
        listener.publish(event(1, padding=5000))
        head, payload = await read_frame(reader)
        assert (head, json.loads(payload)["data"]["seq"]) == (0x81, 1)


async def test_nothing_is_agreed_on_unless_the_operator_wants_it(
    start_gateway: StartGateway, listener: FakeListener
) -> None:
    gateway = await start_gateway()
    async with opened(gateway) as (reader, writer, response):
        assert response.startswith(b"HTTP/1.1 101")
        assert b"permessage-deflate" not in response
        writer.write(frame(deflated(REGISTER)))
        head, payload = await read_frame(reader)
        assert (head, int.from_bytes(payload[:2], "big")) == (0x88, 1002), "what is compressed all the same is no frame"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(deflated(b"x" * 10_000_000)), 1009),
        (frame(PIECES[:50], fin=False) + frame(PIECES[50:], opcode=Opcode.CONT, rsv1=False), 1009),
        (frame(b"no deflate at all" * 10), 1002),
        (frame(deflated(b"\xff\xfe")), 4500),
        (frame(deflated(REGISTER)) + frame(LONG_PING) * 95, 4503),
    ],
    ids=["a bomb", "a bomb in pieces", "no deflate", "no text", "many that become large"],
)
async def test_what_becomes_too_much_ends_its_sender_alone(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient, sent: bytes, code: int
) -> None:
    honest = await client_of(gateway)
    await honest.register()
    closing = 0
    async with opened(gateway) as (reader, writer, _):
        writer.write(sent)
        with suppress(asyncio.IncompleteReadError):
            while not closing:
                head, payload = await read_frame(reader)
                closing = int.from_bytes(payload[:2], "big") if head == 0x88 else 0
        assert closing == code
        listener.publish(event(1, padding=1000))
        assert await honest.events(1) == [1]


COUNT_IN_A_BROWSER = """
(url) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url);
  const seen = [];
  socket.onopen = () => socket.send(JSON.stringify({
    message_type: "register", data: { app_name: "x".repeat(20), pad: "y".repeat(2000) }, timestamp: "2026" }));
  socket.onclose = (event) => reject(`closed ${event.code}`);
  socket.onmessage = (message) => {
    const { message_type: type, data } = JSON.parse(message.data);
    if (type === "registered") console.log("registered");
    if (type === "realtime_event" && seen.push(data.seq) === 50) {
      socket.onclose = null;
      socket.close();
      resolve([socket.extensions, seen]);
    }
  };
})
"""
"""Registers by a message long enough to be worth compressing, and returns what was agreed on and which events came."""


async def test_a_browser_takes_what_is_compressed(listener: FakeListener, gateway: Gateway) -> None:
    async with running_browser() as browser:
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{gateway.port}/healthz")  # for an origin that may connect
        registered = asyncio.Event()
        page.on("console", lambda said: registered.set() if said.text == "registered" else None)
        counting = asyncio.ensure_future(page.evaluate(COUNT_IN_A_BROWSER, f"ws://127.0.0.1:{gateway.port}/"))
        await asyncio.wait_for(registered.wait(), 90)
        listener.publish(*(event(seq, padding=seq * 100) for seq in range(1, 51)))
        agreed, seen = await asyncio.wait_for(counting, 90)
    assert agreed.startswith("permessage-deflate")
    assert seen == list(range(1, 51))
    assert gateway.delivery.deflation.made
