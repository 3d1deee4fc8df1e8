"""Addresses on the bus: what they look like and where a socket may listen.

One address stands for one listener, which opens two sockets: ``tcp://host:port`` publishes on ``port`` and answers
requests on ``port + 1``; ``ipc://path`` publishes on ``path`` and answers on ``path.requests``. IPv6 addresses are
written in brackets. A host name may be connected to, but only an address can be bound (``localhost`` is taken for
127.0.0.1). Everything wrong with an address is a :exc:`shared.errors.ConfigurationError`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from shared.errors import ConfigurationError

MAX_IPC_PATH_BYTES: Final = 107
"""What fits ``sun_path`` beside its terminating zero on Linux (unix(7))."""

_REQUESTS_SUFFIX: Final = ".requests"
_TCP: Final = re.compile(r"tcp://(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._*-]+)):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host and a port; ``text`` is the address as it was configured."""

    text: str
    host: str
    port: int

    @property
    def stream(self) -> str:
        """Where the listener publishes."""
        return self._at(self.port)

    @property
    def requests(self) -> str:
        """Where the listener answers."""
        return self._at(self.port + 1)

    @property
    def ipv6(self) -> bool:
        """Whether the host is a literal IPv6 address."""
        return ":" in self.host

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.literal and ip_address(self.host).is_loopback

    @property
    def literal(self) -> bool:
        """Whether the host is an address, not a name."""
        try:
            ip_address(self.host)
        except ValueError:
            return False
        return True

    def _at(self, port: int) -> str:
        return f"tcp://[{self.host}]:{port}" if self.ipv6 else f"tcp://{self.host}:{port}"


@dataclass(frozen=True, slots=True)
class IpcAddress:
    """A socket in the file system; ``text`` is the address as it was configured."""

    text: str
    path: str

    ipv6: Final = False
    local: Final = True

    @property
    def stream(self) -> str:
        """Where the listener publishes."""
        return f"ipc://{self.path}"

    @property
    def requests(self) -> str:
        """Where the listener answers."""
        return f"ipc://{self.path}{_REQUESTS_SUFFIX}"


Address = TcpAddress | IpcAddress


def parse_address(text: str) -> Address:
    """Read one address."""
    text = text.strip()
    if text.startswith("ipc://"):
        return _ipc(text)
    match = _TCP.fullmatch(text)
    # One port is left above for the requests.
    if match is None or not 1 <= int(match["port"]) <= 65534:
        raise ConfigurationError(
            "expected a bus address such as tcp://127.0.0.1:8767 (port 1 to 65534) or ipc:///run/wasla/bus, "
            f"got {text!r}"
        )
    host = match["v6"] or match["host"]
    return TcpAddress(text, "127.0.0.1" if host == "localhost" else host, int(match["port"]))


def parse_addresses(text: str) -> tuple[Address, ...]:
    """Read a comma separated list, in order; it holds at least one address and none twice."""
    addresses = tuple(parse_address(part) for part in text.split(",") if part.strip())
    if not addresses:
        raise ConfigurationError("expected at least one bus address such as tcp://127.0.0.1:8767, got none")
    seen: set[str] = set()
    for address in addresses:
        if address.stream in seen:
            raise ConfigurationError(f"expected each bus address once, got {address.text} twice; remove one")
        seen.add(address.stream)
    return addresses


def require_reachable(address: Address, *, has_key: bool) -> Address:
    """Return the address when a bus may be opened or connected to there, else raise.

    The bus carries whole rows and takes orders from whoever connects, so it leaves this machine only with a key; this
    is the one place that decides it.
    """
    if not address.local and not has_key:
        raise ConfigurationError(
            f"expected a bus key, because {address.text} is not on this machine alone, found none; make one with wasla "
            "keys --only bus and copy the file to every machine, or use tcp://127.0.0.1:PORT or ipc://PATH"
        )
    return address


def require_local(address: Address) -> Address:
    """Return the address when only this machine can reach it, else raise: what goes there is not encrypted."""
    if not address.local:
        raise ConfigurationError(
            f"expected an address on this machine, got {address.text}; use tcp://127.0.0.1:PORT, tcp://[::1]:PORT or "
            "ipc://PATH"
        )
    return address


def _ipc(text: str) -> IpcAddress:
    path = text.removeprefix("ipc://")
    room = MAX_IPC_PATH_BYTES - len(_REQUESTS_SUFFIX)
    length = len(path.encode())
    if not path or path[0] == "@" or "\0" in path:
        raise ConfigurationError(f"expected ipc:// and a path, such as ipc:///run/wasla/bus, got {text!r}")
    if length > room:
        raise ConfigurationError(f"expected an ipc:// path of at most {room} bytes, got {length} in {path}")
    return IpcAddress(text, path)
