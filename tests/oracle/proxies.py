"""A TCP proxy that can go deaf, cut, and lose messages of the bus.

Deaf: connections stay, nothing passes, in neither direction, as on a half-open link. Cut: every connection is reset.
Losing: of what the upstream sends over ZMTP (https://rfc.zeromq.org/spec/23/), whole messages vanish.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

GREETING_BYTES = 64
_MORE, _LONG, _COMMAND = 1, 2, 4
BUFFER_BYTES = 32 * 1024


class Proxy:
    """Listens on ``port`` of 127.0.0.1 and forwards to ``target``. ``lose`` is asked for each message of the bus."""

    def __init__(self, port: int, target: int, *, lose: Callable[[], bool] | None = None) -> None:
        self.port = port
        self.lost = 0
        self._target = target
        self._lose = lose
        self._open = asyncio.Event()
        self._open.set()
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def close(self) -> None:
        """End everything."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def deafen(self) -> None:
        """Let nothing pass from now on."""
        self._open.clear()

    def hear(self) -> None:
        """Let everything pass, also what waited."""
        self._open.set()

    def refuse(self, refusing: bool) -> None:
        """Hang up on whoever connects, or stop doing so."""
        self._refusing = refusing

    def cut(self) -> None:
        """Reset every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._forward(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        upstream: asyncio.StreamWriter | None = None
        try:
            await self._open.wait()
            if self._refusing:
                return
            answers, upstream = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(upstream)
            _bound(writer, socket.SO_SNDBUF)
            _bound(upstream, socket.SO_RCVBUF)
            loss = _Messages(self._is_lost) if self._lose is not None else None
            ways = [
                asyncio.ensure_future(self._pump(reader, upstream, None)),
                asyncio.ensure_future(self._pump(answers, writer, loss)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            pass
        finally:
            for end in (writer, upstream):
                if end is not None:
                    self._writers.discard(end)
                    end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, loss: _Messages | None) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(BUFFER_BYTES):
                await self._open.wait()
                writer.write(loss.without_lost(data) if loss is not None else data)
                await writer.drain()

    def _is_lost(self) -> bool:
        lost = self._lose is not None and self._lose()
        self.lost += lost
        return lost


class _Messages:
    """One direction of a ZMTP connection, cut at its messages; those that are lost are left out."""

    def __init__(self, is_lost: Callable[[], bool]) -> None:
        self._is_lost = is_lost
        self._buffer = bytearray()
        self._greeting = GREETING_BYTES
        self._losing: bool | None = None

    def without_lost(self, data: bytes) -> bytes:
        """Return what is passed on of everything so far."""
        self._buffer += data
        passed = bytearray()
        if self._greeting:
            head = bytes(self._buffer[: self._greeting])
            del self._buffer[: len(head)]
            self._greeting -= len(head)
            passed += head
        while not self._greeting and (size := self._frame_size()) is not None:
            frame = bytes(self._buffer[:size])
            del self._buffer[:size]
            if not self._drops(frame[0]):
                passed += frame
        return bytes(passed)

    def _drops(self, flags: int) -> bool:
        if flags & _COMMAND:
            return False
        losing = self._is_lost() if self._losing is None else self._losing
        self._losing = losing if flags & _MORE else None
        return losing

    def _frame_size(self) -> int | None:
        """Return the length of the first frame, None while it is not all there."""
        head = 9 if self._buffer and self._buffer[0] & _LONG else 2
        if len(self._buffer) < head:
            return None
        size = head + int.from_bytes(self._buffer[1:head], "big")
        return size if len(self._buffer) >= size else None


def _bound(writer: asyncio.StreamWriter, option: int) -> None:
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
