"""The main job under the real supervisord: what is committed reaches every client of every gateway."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.clients import Client, connected, on_every_gateway
from tests.e2e.fleet import Fleet, running_fleet
from tests.e2e.sales import sell

pytestmark = pytest.mark.timeout(300)

BOOKINGS = [{"id": "bookings", "tables": ["bookings"]}]


async def test_a_sale_reaches_every_client_of_every_gateway(fleet: Fleet) -> None:
    async with on_every_gateway(fleet.gateway_url, 2, each=3) as gateways:
        clients = [client for members in gateways.values() for client in members]
        sold = await sell(fleet.database_url, 20)
        await asyncio.gather(*(client.read_until(lambda c=client: len(c.ids()) >= 20, stay=True) for client in clients))
    assert len(clients) == 6
    for client in clients:
        assert client.ids() == sold
        assert [event["business_event"] for event in client.events] == ["BOOKING_CREATED"] * 20
        sequence = [event["seq"] for event in client.events]
        assert sequence == sorted(set(sequence))


async def test_another_gateway_is_started_while_it_runs(fleet: Fleet) -> None:
    """What ``wasla scale`` does: the new worker shares the port, and its clients get what the others get."""
    extra = "gateway-extra:gateway-extra-00"
    fleet.start_program(extra)
    try:
        async with on_every_gateway(fleet.gateway_url, 3) as gateways:
            assert extra in gateways
            (client,) = gateways[extra]
            sold = await sell(fleet.database_url, 5)
            await client.read_until(lambda: len(client.ids()) >= 5, stay=True)
            assert client.ids() == sold
            leaving = asyncio.create_task(client.closed())
            await asyncio.to_thread(fleet.stop_program, extra)
            assert await leaving == 1001
            await client.reconnect()
            assert client.gateways[-1] != extra
            assert client.resumed[-1]
    finally:
        if fleet.programs()["gateway-extra-00"]["statename"] == "RUNNING":
            fleet.stop_program(extra)


async def test_a_subscription_brings_its_table_alone(fleet: Fleet) -> None:
    async with connected(fleet.gateway_url, subscribe=BOOKINGS) as client:
        sold = await sell(fleet.database_url, 3)
        await client.read_until(lambda: len(client.events) >= 3, stay=True)
    assert client.ids() == sold
    assert {event["table"] for event in client.events} == {"bookings"}


@pytest.mark.parametrize("postgres_version", [15])
async def test_a_database_of_ones_own(station_database_url: str) -> None:
    """With WASLA_DATABASE_URL no server is started, and everything else is the same."""
    with running_fleet(WASLA_DATABASE_URL=station_database_url) as fleet:
        async with connected(fleet.gateway_url) as client:
            sold = await sell(station_database_url, 5)
            await client.read_until(lambda: len(client.ids()) >= 5, stay=True)
        assert not (fleet.directory / ".wasla" / "postgres").exists()
    assert client.ids() == sold


async def test_the_database_is_reported_up(fleet: Fleet) -> None:
    async with connected(fleet.gateway_url) as client:
        await client.read_until(lambda: statuses(client)[-1:] == ["up"], stay=True)


def statuses(client: Client) -> list[str]:
    return [message["data"]["database"] for message in client.others if message["message_type"] == "status"]
