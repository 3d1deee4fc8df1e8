"""What a client may rely on: every matching event once, in order, from where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.gateway.service import Gateway
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, event, mark, until


async def test_an_event_reaches_a_registered_client(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    registered = await client.register()
    assert (registered["epoch"], registered["seq"], registered["resumed"]) == ("epoch-1", 0, False)
    assert registered["gateway"] == gateway.name
    assert registered["ping_interval"] == 15.0
    listener.insert(3)
    assert await client.events(3) == [1, 2, 3]


async def test_a_client_hears_nothing_before_it_registers(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client, other = await client_of(gateway), await client_of(gateway)
    await other.register()
    listener.insert()
    await other.events(1)
    assert (await client.register())["seq"] == 1
    listener.insert()
    assert await client.events(1) == [2]


async def test_the_database_status_follows_registered(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.send("register", {"app_name": "a"})
    await client.expect("registered")
    assert await client.expect("status", skip=()) == {"database": "up", "since": "2025-06-15T15:06:40.000Z"}
    listener.database_up = False
    assert (await client.expect("status", skip=()))["database"] == "down"


async def test_silence_on_the_bus_is_told_as_database_down(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.register()
    await listener.stop()
    assert (await client.expect("status", skip=()))["database"] == "down"


@pytest.mark.parametrize("lost", [1, 3, 2500])
async def test_a_loss_on_the_bus_is_repaired(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient, lost: int
) -> None:
    client = await client_of(gateway)
    await client.register()
    listener.insert(2)
    listener.insert(lost, lose=True)
    listener.insert(2)
    assert await client.events(lost + 4) == list(range(1, lost + 5))
    assert gateway.intake.gaps >= 1


async def test_a_lost_tail_is_noticed_by_the_beats(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.register()
    listener.insert(5, lose=True)
    assert await client.events(5) == [1, 2, 3, 4, 5]


async def test_events_of_two_listeners_arrive_once(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient, tmp_path_factory: Any
) -> None:
    other = FakeListener(f"ipc://{tmp_path_factory.mktemp('other')}/b", leading=False)
    await other.start()
    gateway = await start_gateway(bus_connect=f"{listener.bind},{other.bind}")
    client = await client_of(gateway)
    await until(lambda: len(gateway.intake.lines) == 2)
    await client.register()
    for number in range(20):
        listener.insert(2, lose=number % 3 == 0)
        other.insert(2, lose=number % 3 == 1)
    assert await client.events(40) == list(range(1, 41))
    await listener.stop()
    other.leading = True
    other.insert(2)
    assert await client.events(2) == [41, 42]
    await other.stop()


async def test_subscribed_is_live_from_its_seq(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.register()
    await client.send("subscribe", {"id": "s", "tables": ["vehicle_queue"]})
    assert await client.expect("subscribed") == {"id": "s", "seq": 0}
    listener.publish(event(1), event(2, table="vehicle_queue"), event(3))
    listener.publish(event(4, table="vehicle_queue"))
    assert await client.events(2) == [2, 4]
    await client.send("unsubscribe", {"id": "s"})
    assert await client.expect("unsubscribed") == {"id": "s"}
    listener.publish(event(5), event(6, table="vehicle_queue"))
    assert (await client.expect("position", skip=()))["seq"] == 6


async def test_filters_choose_rows_and_an_update_is_tested_before_and_after(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    where = {"destination_id": {"eq": "jemmal"}, "seats_booked": {"lte": 2}}
    await client.register(subscribe=[{"id": "s", "channels": ["booking_events"], "where": where}])
    listener.publish(
        event(1, row={"destination_id": "jemmal", "seats_booked": 2}),
        event(2, row={"destination_id": "jemmal", "seats_booked": 3}),
        event(3, row={"destination_id": "moknin", "seats_booked": 1}),
        event(
            4,
            event_type="UPDATE",
            row={"destination_id": "moknin", "seats_booked": 1},
            old={"destination_id": "jemmal"},
        ),
        event(5, event_type="DELETE", row={"destination_id": "jemmal", "seats_booked": 1}),
    )
    assert await client.events(3) == [1, 4, 5]


async def test_several_subscriptions_send_an_event_once(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.register(
        subscribe=[{"id": "a", "tables": ["bookings"]}, {"id": "b", "events": ["BOOKING_CREATED"]}, {"id": "c"}]
    )
    listener.publish(event(1, business_event="BOOKING_CREATED"), event(2, table="vehicle_queue"))
    assert await client.events(2) == [1, 2]


async def test_position_is_told_when_nothing_matched_and_not_when_an_event_told_it(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(position_interval=0.05)
    everything, vehicles = await client_of(gateway), await client_of(gateway)
    await everything.register()
    await vehicles.register(subscribe=[{"id": "v", "tables": ["vehicle_queue"]}])
    listener.insert(3)
    assert await vehicles.expect("position", skip=()) == {"epoch": "epoch-1", "seq": 3}
    listener.publish(event(4, table="vehicle_queue"))
    assert (await vehicles.expect("realtime_event", skip=()))["seq"] == 4
    for seq in (1, 2, 3, 4):
        assert (await everything.expect("realtime_event", skip=()))["seq"] == seq
    listener.insert()
    assert (await vehicles.expect("position", skip=()))["seq"] == 5
    assert (await everything.expect("realtime_event", skip=()))["seq"] == 5


async def test_internal_events_reach_who_names_their_channel_with_the_gateways_hop(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    probe, everybody = await client_of(gateway), await client_of(gateway)
    await probe.register(subscribe=[{"id": "p", "channels": ["wasla_probe"]}])
    await everybody.register()
    listener.publish(event(1, table="wasla.probe", event_type="TEST"), event(2))
    hops = (await probe.expect("realtime_event"))["hops"]
    assert hops["captured"] == 1.0
    assert hops["gateway"] > 1_700_000_000
    assert await everybody.events(1) == [2]


async def test_failed_capture_asks_the_tables_readers_to_reload(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    bookings, vehicles = await client_of(gateway), await client_of(gateway)
    await bookings.register(
        subscribe=[{"id": "b", "channels": ["booking_events"], "where": {"seats_booked": {"gt": 90}}}]
    )
    await vehicles.register(subscribe=[{"id": "v", "tables": ["vehicle_queue"]}])
    listener.publish(mark(1, "bookings"), event(2, table="vehicle_queue"))
    assert await bookings.expect("resync") == {
        "reason": "capture_failed",
        "tables": ["bookings"],
        "epoch": "epoch-1",
        "seq": 1,
    }
    assert await vehicles.events(1) == [2]


async def test_another_epoch_makes_everybody_reload_and_go_on(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.register()
    listener.insert(2)
    await client.events(2)
    listener.epoch, listener.events, listener.first_seq = "epoch-2", [], 1001
    data = await client.expect("resync")
    assert data == {"reason": "epoch_changed", "tables": None, "epoch": "epoch-2", "seq": 1000}
    listener.insert()
    assert await client.events(1) == [1001]


async def test_a_gateway_without_a_listener_serves_and_resyncs_when_it_joins(
    start_gateway: StartGateway, client_of: ConnectClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    address = f"ipc://{tmp_path_factory.mktemp('late')}/b"
    gateway = await start_gateway(bus_connect=address)
    client, resuming = await client_of(gateway), await client_of(gateway)
    assert (await client.register())["epoch"] == ""
    assert (await resuming.register(resume={"epoch": "epoch-1", "seq": 1}))["resumed"] is True
    late = FakeListener(address)
    late.insert(3, lose=True)
    await late.start()
    assert (await client.expect("resync"))["seq"] == 3
    assert await resuming.events(2) == [2, 3]
    await late.stop()


async def test_the_ring_is_bounded(
    listener: FakeListener, start_gateway: StartGateway, client_of: ConnectClient
) -> None:
    gateway = await start_gateway(ring_max_events=10)
    client = await client_of(gateway)
    await client.register()
    listener.insert(100)
    await client.events(100)
    assert len(gateway.delivery.ring) == 10


async def test_metrics_name_what_happened(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient, tmp_path: Path
) -> None:
    client = await client_of(gateway)
    await client.register()
    listener.insert(3)
    await client.events(3)
    value = gateway.registry.get_sample_value
    assert value("wasla_clients") == 1
    assert value("wasla_groups") == 1
    assert value("wasla_deliveries_total") == 3
    assert value("wasla_ring_events") == 3
    assert value("wasla_seq") == 3
    assert value("wasla_events_received_total", {"line": listener.bind}) == 3
    assert value("wasla_hop_seconds_count", {"hop": "published_to_received"}) == 1
    assert value("wasla_hop_seconds_count", {"hop": "received_to_written"}) == 1
