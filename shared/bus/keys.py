"""The bus key: one secret for all machines of an installation.

The key pair made of it is CURVE's server key and client key at once (RFC 26): whoever holds the file may publish, hear
and ask, and nobody else. The file is one line, ``wasla-bus-key 1`` and 64 hexadecimal digits, for its owner alone.
:func:`write_key` makes it, :func:`bus_key` finds and reads what the settings mean. Everything wrong with a file is a
:exc:`shared.errors.ConfigurationError`.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import zmq
from zmq.utils import z85

from shared.bus.settings import BusSettings
from shared.errors import BusError, ConfigurationError
from shared.private_files import read_private, write_private
from shared.settings import variable

SECRET_BYTES: Final = 32

_LINE: Final = re.compile(rf"wasla-bus-key 1 ([0-9a-f]{{{2 * SECRET_BYTES}}})")


@dataclass(frozen=True, slots=True)
class BusKey:
    """A CURVE key pair, in ZeroMQ's printable form (Z85)."""

    public: bytes
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> BusKey:
        """Return the pair that 32 secret bytes make."""
        encoded = z85.encode(secret)
        return cls(public=zmq.curve_public(encoded), secret=encoded)


def bus_key(settings: BusSettings) -> BusKey | None:
    """Return the key in force; None where none is configured and none lies in the default place."""
    path = key_file(settings)
    try:
        return read_key(path)
    except FileNotFoundError:
        if settings.bus_key_file is None:
            return None
        raise ConfigurationError(
            f"{variable('bus_key_file')}: expected a key file at {path}, found none; copy it from another machine, "
            "or make one with wasla keys --only bus"
        ) from None


def key_file(settings: BusSettings) -> Path:
    """Return where the key is, or would be."""
    return settings.bus_key_file or settings.data_dir / "bus.key"


def read_key(path: Path) -> BusKey:
    """Read one file; raise FileNotFoundError where there is none."""
    text = read_private(path, "the bus key")
    match = _LINE.fullmatch(text)
    if match is None:
        raise ConfigurationError(
            f"expected the line that wasla keys writes in {path}, found something else; copy the file again"
        )
    return BusKey.of(bytes.fromhex(match[1]))


def write_key(path: Path, *, replace: bool = False) -> None:
    """Make a new key; raise BusError where it cannot be written, or is already there and not to be replaced."""
    try:
        write_private(path, f"wasla-bus-key 1 {secrets.token_hex(SECRET_BYTES)}", replace=replace)
    except FileExistsError:
        raise BusError(
            f"there is a key at {path} already, and the other machines may use it; copy that one, or make a new one "
            "for all of them with wasla keys --only bus --replace"
        ) from None
    except OSError as error:
        raise BusError(f"the bus key cannot be written to {path} ({error.strerror}); name another --file") from None
