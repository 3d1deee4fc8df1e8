"""The load notices what is wrong: a figure of deliveries that nobody checked would be worth nothing."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from tests.benchmarks.load.generator import Approach, Load, compiled, load, masked

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="the load is written in C: apt-get install gcc")

UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
BARE = Approach(framing="bare")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled("load", tmp_path_factory.mktemp("compiled"))


@pytest.fixture(autouse=True)
def _compiled_once(program: Path, tmp_path: Path) -> None:
    shutil.copy(program, tmp_path)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def event(seq: int, size: int = 300) -> bytes:
    head = f'{{"message_type":"realtime_event","data":{{"seq":{seq},"at":1700000000000000000,"filler":"'
    return f'{head}{"x" * (size - len(head) - 3)}"}}}}'.encode()


def frame(text: bytes, opcode: int = 1) -> bytes:
    """Frame as a server does: without a mask."""
    if len(text) < 126:
        return bytes((0x80 | opcode, len(text))) + text
    if len(text) < 65536:
        return bytes((0x80 | opcode, 126)) + len(text).to_bytes(2, "big") + text
    return bytes((0x80 | opcode, 127)) + len(text).to_bytes(8, "big") + text


@contextlib.asynccontextmanager
async def loaded(directory: Path, talk: Talk, approach: Approach = BARE, clients: int = 1) -> AsyncIterator[Load]:
    """Run the load against a server that says what *talk* says."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with load(approach, port, clients, directory, core=None) as running:
            yield running


def saying(*pieces: bytes) -> Talk:
    """Return a talk that sends pieces, each in a segment of its own as far as that can be had."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()
        writer.close()

    return talk


def bytewise(data: bytes) -> Iterable[bytes]:
    return (data[index : index + 1] for index in range(len(data)))


async def test_events_in_order_are_counted(tmp_path: Path) -> None:
    async with loaded(tmp_path, saying(*[frame(event(seq)) for seq in (1, 2, 3)])) as running:
        await running.have(3, 60)
        mark = await running.mark()
    assert (mark.events, mark.least, mark.most, mark.disorder, mark.missing) == (3, 3, 3, 0, 0)
    assert mark.p50 > 0


@pytest.mark.parametrize(
    ("seqs", "disorder", "missing"),
    [((1, 3), 0, 1), ((1, 1, 2), 1, 0), ((2, 1), 1, 0), ((5, 6, 9), 0, 2)],
    ids=["a hole", "a repetition", "a step back", "a later hole"],
)
async def test_what_is_wrong_shows(tmp_path: Path, seqs: tuple[int, ...], disorder: int, missing: int) -> None:
    async with loaded(tmp_path, saying(b"".join(frame(event(seq)) for seq in seqs))) as running:
        await running.have(len(seqs), 60)
        mark = await running.mark()
    assert (mark.disorder, mark.missing) == (disorder, missing)


@pytest.mark.parametrize("size", [120, 300, 3000, 70_000])
async def test_frames_may_come_in_any_pieces(tmp_path: Path, size: int) -> None:
    data = b"".join(frame(event(seq, size)) for seq in (1, 2, 3))
    pieces = bytewise(data) if size < 3000 else [data[: size + 7], data[size + 7 : size + 8], data[size + 8 :]]
    async with loaded(tmp_path, saying(*pieces)) as running:
        await running.have(3, 60)
        mark = await running.mark()
    assert (mark.events, mark.disorder, mark.missing, mark.bytes) == (3, 0, 0, len(data))


async def test_other_messages_are_no_events(tmp_path: Path) -> None:
    position = frame(b'{"message_type":"position","data":{"epoch":"e","seq":7}}')
    async with loaded(tmp_path, saying(frame(event(1)), position, frame(b"", 9), frame(event(2)))) as running:
        await running.have(2, 60)
        mark = await running.mark()
    assert (mark.events, mark.missing) == (2, 0)


async def test_what_is_compressed_is_counted_unread(tmp_path: Path) -> None:
    compressed = frame(b"\xaa" * 200, 0x41)
    async with loaded(tmp_path, saying(compressed, compressed + frame(b"", 9), compressed)) as running:
        await running.have(3, 60)
        mark = await running.mark()
    assert (mark.events, mark.disorder, mark.bytes) == (3, 0, 3 * len(compressed) + 2)


async def test_clients_say_what_is_theirs_and_wait_for_the_answer(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(UPGRADED)
        heard.append((await reader.readexactly(8))[6:])
        writer.write(frame(b'{"message_type":"status"}'))
        await reader.read()
        writer.close()

    approach = Approach(greetings=[masked(b"#0"), masked(b"#1"), masked(b"#2")], ready='"status"')
    async with loaded(tmp_path, talk, approach, clients=6) as running:
        assert running.entered.clients == 6
        assert (await running.progress()).live == 6
    assert sorted(heard) == [b"#0", b"#0", b"#1", b"#1", b"#2", b"#2"]


async def test_nats_messages_are_found_across_frames(tmp_path: Path) -> None:
    messages = b"".join(b"MSG events 1 %d\r\n%b\r\n" % (len(event(seq)), event(seq)) for seq in (1, 2, 3))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(UPGRADED + frame(b"INFO {}\r\n", 2) + frame(b"PONG\r\n", 2))
        writer.write(b"".join(frame(messages[at : at + 100], 2) for at in range(0, len(messages), 100)))
        await reader.read()
        writer.close()

    async with loaded(tmp_path, talk, Approach(framing="nats", greetings=[masked(b"SUB events 1\r\n")])) as running:
        await running.have(3, 60)
        mark = await running.mark()
    assert (mark.events, mark.disorder, mark.missing) == (3, 0, 0)


async def test_a_client_that_is_closed_shows(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(event(1)))
        writer.close()

    async with loaded(tmp_path, talk) as running:
        await running._until(lambda progress: progress.gone == 1, "that it is gone", 60)
