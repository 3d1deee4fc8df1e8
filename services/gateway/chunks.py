"""Frames joined into writes of a bounded size, so that one write never puts more than that into a transport."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from services.gateway.entries import Entry

CHUNK_BYTES: Final = 16 * 1024
"""A chunk is at most this long, unless a single frame is longer; that one is written by itself and not copied."""


class Chunk(NamedTuple):
    """Frames up to and including the event ``last_seq``."""

    last_seq: int
    events: int
    frames: bytes


def chunks(entries: Sequence[Entry]) -> Iterator[Chunk]:
    """Yield the entries' frames in order."""
    frames: list[bytes] = []
    size = last_seq = 0
    for entry in entries:
        if frames and size + len(entry.frame) > CHUNK_BYTES:
            yield Chunk(last_seq, len(frames), b"".join(frames))
            frames, size = [], 0
        frames.append(entry.frame)
        size += len(entry.frame)
        last_seq = entry.seq
    if frames:
        yield Chunk(last_seq, len(frames), b"".join(frames))


class Taken(NamedTuple):
    """A reader's next chunk: empty when nothing up to ``last_seq`` is for it."""

    last_seq: int
    told_seq: int
    events: int
    scanned: int
    frames: bytes


def take(entries: Sequence[Entry], shown: Callable[[Entry], Entry | None]) -> Taken:
    """Return the first chunk of what is *shown* of the entries, looking at no more of them than that takes."""
    frames: list[bytes] = []
    size = told_seq = scanned = 0
    last_seq = entries[0].seq - 1
    for entry in entries:
        seen = shown(entry)
        if seen is not None:
            if frames and size + len(seen.frame) > CHUNK_BYTES:
                break
            frames.append(seen.frame)
            size += len(seen.frame)
            told_seq = entry.seq
        last_seq = entry.seq
        scanned += 1
    return Taken(last_seq, told_seq, len(frames), scanned, b"".join(frames))
