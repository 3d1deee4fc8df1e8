"""Where the keys for tokens come from: a file, or the address of a key set, read again now and then.

Issuers change their keys while tokens signed by the former are still good: the set then holds both. A token whose key
is not known has the set read at once, though not more often than every few seconds, so that nobody can have it asked
for without end. Where reading fails, what was read before stays in force, and the log says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog

from services.gateway.access.keyring import Keyring, UnusableKeys, read_keys
from shared.access.exposure import is_loopback
from shared.errors import ConfigurationError, WaslaError

log = structlog.get_logger(__name__)

TIMEOUT: Final = 5.0
LEAST_INTERVAL: Final = 5.0
"""Seconds between two readings, whatever is asked for; shorter than a client has to register."""

_MOST_BYTES: Final = 1024 * 1024


class KeysUnread(WaslaError):
    """The keys could not be read; they may another time."""


class KeySource:
    """One place; ``wanted`` is set by whoever lacks a key. ``took`` learns of every reading, the failed ones too."""

    def __init__(self, place: str, *, interval: float) -> None:
        self.wanted = asyncio.Event()
        self._place = place
        self._is_url = "://" in place
        self._interval = interval
        self._failed = False

    async def first(self) -> Keyring:
        """Return the keys at the start: a wrong file is a ConfigurationError, an address may come to answer later."""
        try:
            return await self._read()
        except KeysUnread as error:
            if not self._is_url:
                raise ConfigurationError(f"WASLA_TOKEN_KEYS: {error}") from None
            self._complain(error)
            self.wanted.set()
            return ()

    async def keep(self, took: Callable[[Keyring | None], None]) -> None:
        """Read for ever; *took* gets the keys, or None where they could not be read."""
        while True:
            read_at = time.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self.wanted.wait()
            await asyncio.sleep(max(0.0, read_at + LEAST_INTERVAL - time.monotonic()))
            self.wanted.clear()
            took(await self._read_again())

    async def _read_again(self) -> Keyring | None:
        try:
            keys = await self._read()
        except KeysUnread as error:
            self._complain(error)
            return None
        if self._failed:
            log.info("token keys read again", keys=len(keys))
        self._failed = False
        return keys

    def _complain(self, error: KeysUnread) -> None:
        if not self._failed:
            log.warning("token keys cannot be read, going on with those there are", reason=str(error))
        self._failed = True

    async def _read(self) -> Keyring:
        try:
            if self._is_url:
                return read_keys(await asyncio.to_thread(_fetch, self._place), secrets=False)
            return await asyncio.to_thread(_load, Path(self._place))
        except UnusableKeys as error:
            raise KeysUnread(f"in {self._place}, expected {error}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: not UTF-8, or too long
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise KeysUnread(f"{self._place} cannot be read ({reason})") from None


def checked_place(place: str) -> str:
    """Return *place*, or raise ConfigurationError: over a network that anybody may change, keys come by https."""
    if "://" not in place:
        return place
    parts = urlsplit(place)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return place
    raise ConfigurationError(
        f"WASLA_TOKEN_KEYS: expected a file, or the https address of a key set, got one by {parts.scheme}"
    )


def _load(path: Path) -> Keyring:
    keys = read_keys(path.read_text(encoding="utf-8"))
    if any(key.algorithm == "HS256" for key in keys) and (mode := path.stat().st_mode & 0o777) & 0o077:
        raise KeysUnread(
            f"expected {path}, which holds a secret, to be readable by its owner alone, its mode is {mode:04o}; run "
            f"chmod 600 {path}"
        )
    return keys


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        """Follow nobody: where the keys are was configured."""


def _fetch(place: str) -> str:
    opener = urllib.request.build_opener(_NoRedirects)
    with opener.open(place, timeout=TIMEOUT) as answer:  # the scheme was checked
        body = answer.read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes")
    return str(body, "utf-8")
