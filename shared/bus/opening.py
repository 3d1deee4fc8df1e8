"""Opening the bus that the settings name: the one place that knows every engine.

The client of NATS is an optional part of the installation and is looked for only where NATS is named.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.bus.binding import bind_address
from shared.bus.choice import parse_choice
from shared.bus.contract import Publisher, Subscriber
from shared.bus.jetstream.limits import StreamLimits
from shared.bus.jetstream.subjects import Subjects
from shared.bus.keys import bus_key
from shared.bus.settings import BusSettings
from shared.bus.several import SeveralPublishers
from shared.bus.zeromq import ZmqPublisher, ZmqSubscriber
from shared.errors import ConfigurationError
from shared.private_files import read_private

if TYPE_CHECKING:
    from shared.bus.jetstream.connection import Access
    from shared.bus.jetstream.publisher import NatsPublisher

MISSING: Final = (
    "expected the client library of NATS, because WASLA_BUS names a NATS server, found none; install "
    "'nats-py[nkeys]' into .venv, by .venv/bin/pip install or uv pip install --python .venv/bin/python"
)


class ListenerEnd:
    """A listener's end, on each engine that is named; ``publisher`` speaks on all of them."""

    def __init__(self, zeromq: ZmqPublisher | None, nats: NatsPublisher | None) -> None:
        self.zeromq = zeromq
        self.nats = nats
        ends: list[Publisher] = [end for end in (zeromq, nats) if end is not None]
        self.publisher: Publisher = ends[0] if len(ends) == 1 else SeveralPublishers(ends)

    @property
    def bind(self) -> str | None:
        """Where ZeroMQ listens; None where it does not."""
        return None if self.zeromq is None else self.zeromq.bind

    @property
    def is_encrypted(self) -> bool:
        """Whether ZeroMQ lets in only who has the bus key."""
        return self.zeromq is not None and self.zeromq.guests.has_key


def open_publisher(
    settings: BusSettings, *, bind: str | None, name: str, high_water_mark: int, limits: StreamLimits
) -> ListenerEnd:
    """Open a listener's end; raise BusError where a port is taken, ConfigurationError for what else is wrong."""
    choice = parse_choice(settings.bus)
    access = nats_access(settings, choice.servers) if choice.servers else None
    zeromq = None
    if choice.zeromq:
        address = bind_address(bind, settings.bus_connect)
        zeromq = ZmqPublisher(address.text, high_water_mark=high_water_mark, key=bus_key(settings))
    if access is None:
        return ListenerEnd(zeromq, None)
    from shared.bus.jetstream.publisher import NatsPublisher  # noqa: PLC0415 - optional

    subjects = Subjects(settings.bus_prefix)
    return ListenerEnd(
        zeromq, NatsPublisher(access, name, subjects=subjects, limits=limits, high_water_mark=high_water_mark)
    )


def open_subscriber(settings: BusSettings, *, identity: bytes, high_water_mark: int) -> Subscriber:
    """Return a gateway's or a monitor's end, connected now or later; raise ConfigurationError."""
    choice = parse_choice(settings.bus)
    if not choice.reads_nats:
        return ZmqSubscriber(
            settings.bus_connect, identity=identity, high_water_mark=high_water_mark, key=bus_key(settings)
        )
    access = nats_access(settings, choice.servers)
    from shared.bus.jetstream.subscriber import NatsSubscriber  # noqa: PLC0415 - optional

    return NatsSubscriber(
        access, identity=identity, subjects=Subjects(settings.bus_prefix), high_water_mark=high_water_mark
    )


def nats_access(settings: BusSettings, servers: tuple[str, ...]) -> Access:
    """Return where the servers are and how one gets in; raise ConfigurationError."""
    try:
        from shared.bus.jetstream.connection import Access  # noqa: PLC0415 - optional
    except ModuleNotFoundError:
        raise ConfigurationError(MISSING) from None
    return Access(servers, _credentials(settings.bus_credentials), _tls(settings.bus_ca, servers))


def _credentials(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        text = read_private(path, "the file of NATS credentials")
    except FileNotFoundError:
        raise ConfigurationError(f"WASLA_BUS_CREDENTIALS: expected a file at {path}, found none; correct it") from None
    if "BEGIN NATS USER JWT" not in text and not text.startswith("SU"):
        raise ConfigurationError(
            f"WASLA_BUS_CREDENTIALS: expected a .creds file or a user's NKEY seed (SU...) in {path}, found something "
            "else; have the file written again by nsc"
        )
    return text


def _tls(ca: Path | None, servers: tuple[str, ...]) -> ssl.SSLContext | None:
    if ca is None and not any(server.startswith("tls:") for server in servers):
        return None
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"WASLA_BUS_CA: expected a certificate in PEM at {ca}, but it cannot be used ({error}); correct it"
        ) from None
