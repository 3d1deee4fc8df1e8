"""Where the keys for tokens come from: a file, or the address of a key set, read again now and then.

Issuers change their keys while tokens signed by the former are still good: the set then holds both. A token whose key
is not known has the set read at once, though not more often than every few seconds, so that nobody can have it asked
for without end. Where reading fails, what was read before stays in force, and the log says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog

from services.gateway.access.keyring import Keyring, UnusableKeys, read_keys
from shared.access.exposure import is_loopback
from shared.errors import ConfigurationError, WaslaError

log = structlog.get_logger(__name__)

TIMEOUT: Final = 5.0
"""Seconds that a reading may take in all, however it is drawn out."""

LEAST_INTERVAL: Final = 5.0
"""Seconds between two readings, whatever is asked for; shorter than a client has to register."""

Fetch = Callable[[str], Awaitable[str]]


class KeysUnread(WaslaError):
    """The keys could not be read; they may another time."""


class KeySource:
    """One place; ``wanted`` is set by whoever lacks a key."""

    def __init__(self, place: str, *, interval: float) -> None:
        self.wanted = asyncio.Event()
        self._place = place
        self._shown = shown_place(place)
        self._fetch = _fetching() if "://" in place else None
        self._interval = interval
        self._failed = False
        self._read_at = -math.inf

    async def first(self) -> Keyring:
        """Return the keys at the start: a wrong file is a ConfigurationError; an address is not waited for."""
        if self._fetch is not None:
            self.wanted.set()
            return ()
        self._read_at = time.monotonic()
        try:
            return await self._read()
        except KeysUnread as error:
            raise ConfigurationError(f"WASLA_TOKEN_KEYS: {error}") from None

    async def keep(self, begins: Callable[[], None], took: Callable[[Keyring | None], None]) -> None:
        """Read for ever; *begins* is called before each reading, *took* with the keys, or None where there are none."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self.wanted.wait()
            await asyncio.sleep(max(0.0, self._read_at + LEAST_INTERVAL - time.monotonic()))
            self._read_at = time.monotonic()
            self.wanted.clear()
            begins()
            took(await self._read_again())

    async def _read_again(self) -> Keyring | None:
        try:
            keys = await self._read()
        except KeysUnread as error:
            if not self._failed:
                log.warning("token keys cannot be read, going on with those there are", reason=str(error))
            self._failed = True
            return None
        if self._failed:
            log.info("token keys read again", keys=len(keys))
        self._failed = False
        return keys

    async def _read(self) -> Keyring:
        try:
            async with asyncio.timeout(TIMEOUT):
                if self._fetch is not None:
                    return read_keys(await self._fetch(self._place), secrets=False)
                return await asyncio.to_thread(_load, Path(self._place))
        except UnusableKeys as error:
            raise KeysUnread(f"in {self._shown}, expected {error}") from None
        except TimeoutError:
            raise KeysUnread(f"{self._shown} cannot be read (it takes longer than {TIMEOUT:.0f} s)") from None
        except (OSError, ValueError) as error:  # ValueError: not UTF-8, or not as it should be
            reason = str(getattr(error, "strerror", None) or error).replace(self._place, self._shown)
            raise KeysUnread(f"{self._shown} cannot be read ({reason})") from None


def checked_place(place: str) -> str:
    """Return *place*, or raise ConfigurationError: over a network that anybody may change, keys come by https."""
    if "://" not in place:
        return place
    try:
        parts = urlsplit(place)
        host, _ = parts.hostname, parts.port  # raises for a port that is none
    except ValueError:
        host = None
    if not host:
        raise ConfigurationError(
            f"WASLA_TOKEN_KEYS: expected a file, or the https address of a key set, got {shown_place(place)}, which "
            "names no host; correct it"
        )
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return place
    raise ConfigurationError(
        f"WASLA_TOKEN_KEYS: expected a file, or the https address of a key set, got one by {parts.scheme}"
    )


def shown_place(place: str) -> str:
    """Return *place* for people: an address without the name, the password and the query that it may hold."""
    scheme, separator, rest = place.partition("://")
    if not separator:
        return place
    host, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _fetching() -> Fetch:
    from services.gateway.access.key_fetching import fetch  # noqa: PLC0415 - 10 MiB of no use where keys are a file

    return fetch


def _load(path: Path) -> Keyring:
    keys = read_keys(path.read_text(encoding="utf-8"))
    if any(key.algorithm == "HS256" for key in keys) and (mode := path.stat().st_mode & 0o777) & 0o077:
        raise KeysUnread(
            f"expected {path}, which holds a secret, to be readable by its owner alone, its mode is {mode:04o}; run "
            f"chmod 600 {path}"
        )
    return keys
