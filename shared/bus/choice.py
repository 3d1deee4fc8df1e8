"""Which engines the bus runs on, as WASLA_BUS says. Pure.

``zmq``, or ``nats://host:4222`` with further servers of the same cluster behind commas (``tls://`` where it is on
another machine). Both, in either order, while a fleet moves from one to the other: listeners publish on each, gateways
and monitors read the one that is named first.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.access.exposure import is_loopback
from shared.errors import ConfigurationError
from shared.settings import items

ZEROMQ = "zmq"
_SCHEMES = ("nats", "tls")


@dataclass(frozen=True, slots=True)
class BusChoice:
    """``servers`` are those of NATS, none where it is not used; ``reads_nats`` tells what gateways read."""

    zeromq: bool
    servers: tuple[str, ...]
    reads_nats: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The engines, the one that is read first."""
        both = ("nats", ZEROMQ) if self.reads_nats else (ZEROMQ, "nats")
        return tuple(name for name in both if (self.servers if name == "nats" else self.zeromq))


def parse_choice(text: str) -> BusChoice:
    """Read WASLA_BUS; raise ConfigurationError."""
    parts = items(text)
    if not parts:
        raise ConfigurationError(_wrong(text))
    servers = tuple(dict.fromkeys(_server(part, text) for part in parts if part != ZEROMQ))
    return BusChoice(ZEROMQ in parts, servers, reads_nats=parts[0] != ZEROMQ)


def _server(part: str, text: str) -> str:
    try:
        url = urlsplit(part)
        port = url.port or 4222
    except ValueError:
        raise ConfigurationError(_wrong(text)) from None
    if url.scheme not in _SCHEMES or not url.hostname or url.path.strip("/") or url.query:
        raise ConfigurationError(_wrong(text))
    if "@" in url.netloc:
        raise ConfigurationError(
            "expected no user name, password or token in WASLA_BUS, found one; name a file of credentials in "
            "WASLA_BUS_CREDENTIALS"
        )
    if url.scheme == "nats" and not is_loopback(url.hostname):
        raise ConfigurationError(
            f"expected tls:// for a NATS server beyond this machine, because whole rows go there, got {part}; write "
            f"tls://{url.netloc}, or run a leaf node of the cluster on 127.0.0.1"
        )
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"{url.scheme}://{host}:{port}"


def _wrong(text: str) -> str:
    return (
        "WASLA_BUS: expected zmq, or NATS servers such as nats://127.0.0.1:4222 or tls://nats.example.org:4222, comma "
        f"separated, got {text!r}"
    )
