"""Events as clients get them that agreed on permessage-deflate (RFC 7692): compressed once, shared by everybody.

No message leans on another (``server_no_context_takeover``), so what is compressed is the same bytes for all, live or
lagging; and each may be sent as it is, which is done with those that are short or would hardly get shorter. Nothing
but events is worth it: the other messages are short. For those who lag as much is compressed as an allowance says:
each may stand somewhere else, where nothing is kept any more.

The lowest level takes half the time of the usual one on messages of some kilobytes and makes them 2 % longer. A window
of 4 KiB costs some per cent on messages longer than that, and next to nothing on the client's side.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from services.gateway.entries import Entry
from services.gateway.frames import compressed_frame, payload_of

WINDOW_BITS: Final = 12
"""Base-2 logarithm of how far back a message may refer in itself; a client that can do with less only is sent nothing
compressed."""

_LEVEL: Final = 1
_MEMORY: Final = 5
_TAIL: Final = b"\x00\x00\xff\xff"
"""What every flushed message ends with, and what is left out (section 7.2.1)."""

MAX_KEPT_BYTES: Final = 8 * 1024 * 1024
"""What may be kept of compressed events with what they were made of."""


def compressed(payload: bytes | memoryview) -> bytes:
    """Return a message's payload compressed."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -WINDOW_BITS, _MEMORY)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)


class Deflation:
    """Compresses what is at least *min_bytes* long. ``made`` counts compressions; ``allowance`` is how many bytes may
    still be compressed for those who lag."""

    def __init__(self, *, min_bytes: int, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self.made = 0
        self.allowance = 0
        self._min_bytes = min_bytes
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[bytes, Entry] = OrderedDict()

    def deflated(self, entry: Entry) -> Entry:
        """Return the entry with a compressed frame, or as it is where nothing is won."""
        if len(entry.frame) < self._min_bytes:
            return entry
        kept = self._kept.get(entry.frame)
        if kept is None:
            kept = self._kept[entry.frame] = self._make(entry)
            self._bytes += len(entry.frame) + kept.size
            while self._bytes > self._max_bytes and len(self._kept) > 1:
                frame, oldest = self._kept.popitem(last=False)
                self._bytes -= len(frame) + oldest.size
        return kept

    def deflating_if_allowed(self, shown: Callable[[Entry], Entry | None]) -> Callable[[Entry], Entry | None]:
        """Return the same for those who lag: what *shown* returns comes compressed as far as the allowance goes."""

        def shown_deflated(entry: Entry) -> Entry | None:
            seen = shown(entry)
            return None if seen is None else self._deflated_if_allowed(seen)

        return shown_deflated

    def _deflated_if_allowed(self, entry: Entry) -> Entry:
        if len(entry.frame) >= self._min_bytes and entry.frame not in self._kept:
            if len(entry.frame) > self.allowance:
                return entry
            self.allowance -= len(entry.frame)
        return self.deflated(entry)

    def _make(self, entry: Entry) -> Entry:
        self.made += 1
        frame = compressed_frame(compressed(payload_of(entry.frame)))
        return entry if len(frame) >= len(entry.frame) else msgspec.structs.replace(entry, frame=frame)
