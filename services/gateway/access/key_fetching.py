"""Fetches a key set from its address. Loaded only where one is configured: an HTTP client is of no use otherwise."""

from __future__ import annotations

from typing import Final

from aiohttp import ClientError, ClientSession

_MOST_BYTES: Final = 1024 * 1024


async def fetch(place: str) -> str:
    """Return what *place* answers; raise OSError or ValueError.

    Nobody is followed elsewhere: where the keys are was configured. The time it may take is the caller's to bound, and
    cancelling ends the connection.
    """
    try:
        async with ClientSession(trust_env=True) as session, session.get(place, allow_redirects=False) as answer:
            if answer.status != 200:
                raise ValueError(f"it answers {answer.status}")
            body = bytearray()
            async for part in answer.content.iter_any():
                body += part
                if len(body) > _MOST_BYTES:
                    raise ValueError(f"more than {_MOST_BYTES} bytes")
    except ClientError as error:
        raise OSError(str(error)) from error
    return str(body, "utf-8")
