"""TLS and credentials, with the very configuration that docs/fleet.md shows, and by operator's tokens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nats
import nats.errors
import nkeys
import pytest

from shared.bus.opening import nats_access, open_subscriber
from shared.bus.settings import BusSettings
from shared.errors import ConfigurationError
from tests.certificates import make_certificate
from tests.faults.nats.fleet import fleet_over, until
from tests.faults.nats.tokens import operated
from tests.nats_servers import NatsServer, nats_server
from tests.ports import free_ports
from tests.servers import only_newest

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "fleet.md"


def seed() -> str:
    """Return a new user's seed."""
    return bytes(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)).decode()


def public(of: str) -> str:
    """Return the public key of a seed."""
    return bytes(nkeys.from_seed(bytearray(of.encode())).public_key).decode()


def private_file(path: Path, text: str) -> Path:
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


@dataclass(frozen=True)
class Guarded:
    """A server that lets in two users; ``listener`` and ``gateway`` are their files."""

    server: NatsServer
    ca: Path
    listener: Path
    gateway: Path


@pytest.fixture
def guarded(short_directory: Path) -> Iterator[Guarded]:
    files = make_certificate(short_directory)
    seeds = {"listener": seed(), "gateway": seed()}
    port = free_ports(1)
    shown = DOCUMENT.read_text().split("```")
    configuration = next(block for block in shown if block.lstrip().startswith("listen:"))
    for words, value in [
        ("0.0.0.0:4222", f"127.0.0.1:{port}"),
        ("/var/lib/nats", f"{short_directory}/store"),
        ("/etc/nats/server.crt", str(files.cert)),
        ("/etc/nats/server.key", str(files.key)),
        ("LISTENER_PUBLIC_KEY", public(seeds["listener"])),
        ("GATEWAY_PUBLIC_KEY", public(seeds["gateway"])),
    ]:
        assert words in configuration
        configuration = configuration.replace(words, value)
    server = NatsServer(short_directory, port, scheme="tls", more=configuration, is_whole=True)
    server.start()
    made = {name: private_file(short_directory / f"{name}.nk", text) for name, text in seeds.items()}
    yield Guarded(server, files.cert, **made)
    server.stop()


@only_newest
async def test_two_users_with_the_least_rights_suffice(
    guarded: Guarded, installed_database_url: str, short_directory: Path
) -> None:
    async with fleet_over(installed_database_url, guarded.server.url, short_directory) as fleet:
        listener = await fleet.lasting_listener(bus_ca=guarded.ca, bus_credentials=guarded.listener)
        known = {"bus_ca": guarded.ca, "bus_credentials": guarded.gateway}
        judge = await fleet.judge(await fleet.lasting_gateway(**known))
        await fleet.write(20)
        top = await fleet.settled([judge])
        await until(lambda: listener.stream.behind == 0, "a stream that holds everything")
        gateway = await fleet.lasting_gateway(**known, ring_max_events=2)
        late = await fleet.judge(gateway, resume={**judge.position, "seq": top - 15})
        await fleet.write(2)
        await fleet.settled([judge, late])
        assert not judge.resyncs + late.resyncs
        assert "Violation" not in guarded.server.log


async def test_a_gateway_may_neither_write_events_nor_speak_as_a_listener(guarded: Guarded) -> None:
    settings = BusSettings(bus_ca=guarded.ca, bus_credentials=guarded.gateway)
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error))

    options = nats_access(settings, (guarded.server.url,)).options()
    client = await nats.connect(guarded.server.url, error_cb=note, **options)
    try:
        for subject in ("wasla.events.e.0", "wasla.lines.listener", "$JS.API.STREAM.DELETE.WASLA"):
            await client.publish(subject, b"")
        await client.subscribe("wasla.desk.*")
        await client.flush()
        await until(lambda: len(refused) == 4, "four refusals")
    finally:
        await client.close()
    assert all("permissions violation" in reason.lower() for reason in refused)


async def test_who_shows_nothing_is_told_so(guarded: Guarded, capsys: pytest.CaptureFixture[str]) -> None:
    bus = open_subscriber(BusSettings(bus=guarded.server.url, bus_ca=guarded.ca), identity=b"g", high_water_mark=9)
    told = ""
    async with asyncio.timeout(90):
        while "uthorization" not in told:
            await asyncio.sleep(0.05)
            told += capsys.readouterr().out
    await bus.close()
    assert "NATS cannot be used" in told


async def test_an_authority_that_is_not_known_is_refused(guarded: Guarded, capsys: pytest.CaptureFixture[str]) -> None:
    settings = BusSettings(bus=guarded.server.url, bus_credentials=guarded.gateway)
    bus = open_subscriber(settings, identity=b"g", high_water_mark=9)
    told = ""
    async with asyncio.timeout(90):
        while "certificate verify failed" not in told:
            await asyncio.sleep(0.05)
            told += capsys.readouterr().out
    await bus.close()


@pytest.mark.parametrize(
    ("text", "mode", "expected"),
    [("hello", 0o600, "expected a .creds file"), ("SUAB", 0o644, "owner alone"), (None, 0o600, "found none")],
)
async def test_a_file_that_is_no_credentials_is_refused_in_one_sentence(
    tmp_path: Path, text: str | None, mode: int, expected: str
) -> None:
    path = tmp_path / "creds"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(ConfigurationError, match=expected):
        nats_access(BusSettings(bus_credentials=path), ("nats://127.0.0.1:4222",))


def test_an_authority_that_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="WASLA_BUS_CA: expected a certificate in PEM"):
        nats_access(BusSettings(bus_ca=tmp_path / "none.pem"), ("nats://127.0.0.1:4222",))


@only_newest
async def test_a_creds_file_of_an_operators_account_lets_in(installed_database_url: str, short_directory: Path) -> None:
    configuration, credentials = operated()
    file = private_file(short_directory / "user.creds", credentials)
    with nats_server(configuration) as server:
        async with fleet_over(installed_database_url, server.url, short_directory) as fleet:
            listener = await fleet.lasting_listener(bus_credentials=file)
            judge = await fleet.judge(await fleet.lasting_gateway(bus_credentials=file))
            await fleet.write(5)
            await fleet.settled([judge])
            await until(lambda: listener.stream.behind == 0, "a stream that holds everything")
