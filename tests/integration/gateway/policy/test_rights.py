"""A policy at a real gateway: who sees what, live, resumed and filtered, and who may do what."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from services.gateway.clients import session_of
from services.gateway.service import Gateway
from shared.errors import ConfigurationError
from tests.certificates import public_pem
from tests.integration.gateway.access.test_keys_and_tokens import ISSUER, KEY, issued
from tests.integration.gateway.client import Client
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, event, mark, until

POLICY = """
[who]
key = "operator"

[roles.operator]
broadcast = true
clients = true
tables."*" = {}

[roles.cashier]
broadcast = true

[roles.cashier.tables.bookings]
where = { destination_id = { eq = "claims.station" } }
hide = ["meta"]
mask = { seats_booked = "***" }

[roles.board]
tables.vehicle_queue = { metadata_only = true }
"""


def put(path: Path, text: str) -> None:
    path.write_text(text)


def remove(path: Path) -> None:
    path.unlink()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    return path


@pytest.fixture
async def gateway(start_gateway: StartGateway, tmp_path: Path, policy: Path) -> Gateway:
    """One gateway that takes tokens and has a policy."""
    keys = tmp_path / "issuer.pem"
    keys.write_text(public_pem(ISSUER))
    return await start_gateway(client_key=KEY, token_keys=str(keys), policy=policy)


def cashier(station: str = "jemmal", **claims: Any) -> str:
    return issued(role="cashier", station=station, **claims)


def booking(seq: int, event_type: str = "INSERT", old: dict[str, Any] | None = None, **row: Any) -> Any:
    whole = {"id": "b1", "destination_id": "jemmal", "seats_booked": 4, "is_paid": False, "meta": {"pin": "s3cret"}}
    return event(seq, event_type=event_type, row={**whole, **row}, old=old)


async def refused(client: Client, message_type: str, data: dict[str, Any]) -> tuple[str, str]:
    await client.send(message_type, data)
    error = await client.expect("error")
    return error["code"], error["reason"]


async def test_live_and_resumed_a_client_gets_the_part_it_may_see(
    gateway: Gateway, listener: FakeListener, client_of: ConnectClient
) -> None:
    live, other, operator = [await client_of(gateway) for _ in range(3)]
    first = await live.register(token=cashier())
    await other.register(token=cashier("sousse"))
    await operator.register(token=KEY)
    listener.publish(booking(1), booking(2, destination_id="sousse"), booking(3, table_is="ignored"))
    listener.publish(event(4, table="vehicle_queue", row={"id": "v1", "available_seats": 8}), mark(5, "vehicle_queue"))
    listener.publish(booking(6, "UPDATE", {"destination_id": "jemmal"}, destination_id="sousse"), mark(7, "bookings"))

    resumed = await client_of(gateway)
    registered = await resumed.register(token=cashier(), resume={"epoch": first["epoch"], "seq": 0})
    assert registered["resumed"]
    for client in (live, resumed):
        seen = await client.expect("realtime_event")
        assert (seen["seq"], seen["id"]) == (1, "1")
        assert seen["data"] == {"id": "b1", "destination_id": "jemmal", "seats_booked": "***", "is_paid": False}
        assert (await client.expect("realtime_event"))["seq"] == 3
        gone = await client.expect("realtime_event")
        assert (gone["seq"], gone["event_type"], gone["changed"], gone["old"]) == (6, "DELETE", None, None)
        assert gone["data"]["destination_id"] == "jemmal"
        reload = await client.expect("resync")
        assert (reload["tables"], reload["seq"]) == (["bookings"], 7)

    assert (await other.expect("realtime_event"))["seq"] == 2
    come = await other.expect("realtime_event")
    assert (come["seq"], come["event_type"], come["old"]) == (6, "INSERT", None)
    assert await operator.events(4) == [1, 2, 3, 4]
    assert (await operator.expect("resync"))["seq"] == 5
    assert (await operator.expect("realtime_event"))["data"]["meta"] == {"pin": "s3cret"}


async def test_the_position_goes_on_over_what_is_not_seen(
    start_gateway: StartGateway, listener: FakeListener, client_of: ConnectClient, policy: Path
) -> None:
    gateway = await start_gateway(policy=policy, position_interval=0.05)
    nobody = await client_of(gateway)
    await nobody.register()
    listener.publish(booking(1), booking(2))
    await until(lambda: gateway.delivery.ring.top == 2)
    message = await nobody.receive()
    assert (message["message_type"], message["data"]["seq"]) == ("position", 2)


async def test_what_is_not_seen_is_refused_like_what_is_not_there(gateway: Gateway, client_of: ConnectClient) -> None:
    client = await client_of(gateway)
    await client.register(token=cashier())
    for asked, name, code in (
        ('{"tables": ["NAME"]}', "vehicle_queue", "unknown_table"),
        ('{"channels": ["NAME"]}', "vehicle_events", "unknown_channel"),
        ('{"channels": ["NAME"]}', "wasla_probe", "unknown_channel"),
        ('{"tables": ["bookings"], "where": {"NAME": {"is_null": true}}}', "meta", "unknown_column"),
        ('{"tables": ["bookings"], "where": {"NAME": {"gt": 3}}}', "seats_booked", "unknown_column"),
    ):
        told, as_told = [
            await refused(client, "subscribe", {"id": "s", **json.loads(asked.replace("NAME", word))})
            for word in (name, "nothing_here")
        ]
        assert told[0] == as_told[0] == code
        assert told[1].replace(name, "X") == as_told[1].replace("nothing_here", "X")
        assert name not in as_told[1]
    await client.send("subscribe", {"id": "s", "tables": ["bookings"], "where": {"is_paid": {"eq": True}}})
    await client.expect("subscribed")


async def test_metadata_alone(gateway: Gateway, listener: FakeListener, client_of: ConnectClient) -> None:
    board = await client_of(gateway)
    await board.register(token=issued(role="board"))
    asked = {"id": "s", "tables": ["vehicle_queue"], "where": {"id": {"eq": "v1"}}}
    assert (await refused(board, "subscribe", asked))[0] == "unknown_column"
    listener.publish(event(1, table="vehicle_queue", row={"id": "v1", "available_seats": 8}, old={"id": "v0"}))
    seen = await board.expect("realtime_event")
    assert (seen["data"], seen["old"], seen["id"], seen["table"]) == (None, None, "1", "vehicle_queue")


async def test_who_may_broadcast_and_list_clients(
    gateway: Gateway, listener: FakeListener, client_of: ConnectClient
) -> None:
    operator, till, board = [await client_of(gateway) for _ in range(3)]
    await operator.register("operator", token=KEY)
    await till.register("till", token=cashier())
    await board.register("board", token=issued(role="board"))
    assert await refused(board, "broadcast", {"event_type": "X", "id": 1}) == (
        "forbidden",
        "your role may not broadcast here: have the operator allow it",
    )
    assert (await refused(board, "custom_event", {"event_type": "X"}))[0] == "forbidden"
    for client in (till, board):
        assert await refused(client, "clients", {}) == (
            "forbidden",
            "your role may not list clients here: have the operator allow it",
        )
    await till.send("broadcast", {"event_type": "HELLO", "to": {"app_name": "operator"}})
    assert (await operator.expect("custom_event"))["event_type"] == "HELLO"
    await until(lambda: gateway.name in listener.gateways)
    await operator.send("clients", {})
    assert len((await operator.expect("clients"))["clients"]) == 3


@pytest.mark.parametrize("text", [POLICY, "[who]\nkey = 'none'\n[roles.none]", "[roles.other]"])
async def test_the_probe_goes_on_whatever_the_policy_says(
    start_gateway: StartGateway, listener: FakeListener, client_of: ConnectClient, policy: Path, text: str
) -> None:
    put(policy, text)
    for introduced, settings in (({"token": KEY}, {"client_key": KEY}), ({}, {})):
        gateway = await start_gateway(policy=policy, **settings)
        probe = await client_of(gateway)
        await probe.register(**introduced, subscribe=[{"id": "probe", "channels": ["wasla_probe"]}])
        seq = listener.top + 1
        listener.publish(event(seq, table="wasla.probe", event_type="TEST", row={"machine": "here"}))
        seen = await probe.expect("realtime_event")
        assert (seen["seq"], seen["data"]) == (seq, {"machine": "here"})
        assert "gateway" in seen["hops"]


async def test_another_token_may_bring_other_rights(
    gateway: Gateway, listener: FakeListener, client_of: ConnectClient
) -> None:
    client = await client_of(gateway)
    await client.register(token=cashier())
    await client.send("token", {"token": cashier(jti="t2")})
    await client.expect("token_accepted")
    await client.send("token", {"token": cashier("sousse")})
    await client.expect("token_accepted")
    reload = await client.expect("resync")
    assert (reload["reason"], reload["tables"]) == ("rights_changed", None)
    listener.publish(booking(1), booking(2, destination_id="sousse"))
    assert await client.events(1) == [2]


async def test_a_policy_that_is_read_again_is_for_who_is_connected_too(
    gateway: Gateway, listener: FakeListener, client_of: ConnectClient, policy: Path
) -> None:
    client, operator = await client_of(gateway), await client_of(gateway)
    await client.register(token=cashier())
    await operator.register(token=KEY)
    listener.publish(booking(1))
    assert await client.events(1) == [1]
    put(policy, POLICY.replace('hide = ["meta"]', 'hide = ["meta", "is_paid"]'))
    os.kill(os.getpid(), signal.SIGHUP)
    assert (await client.expect("resync"))["reason"] == "rights_changed"
    listener.publish(booking(2))
    assert set((await client.expect("realtime_event"))["data"]) == {"id", "destination_id", "seats_booked"}
    assert await operator.events(2) == [1, 2], "whose rights are the same is not disturbed"


async def test_a_policy_that_is_read_again_holds_nobody_up(
    start_gateway: StartGateway, client_of: ConnectClient, policy: Path
) -> None:
    """Thousands of clients are looked at in as many turns of the loop, and events go on between them."""
    gateway = await start_gateway(client_key=KEY, policy=policy, handshakes_per_turn=1)
    for _ in range(5):
        await (await client_of(gateway)).register(token=KEY)
    sessions = [session_of(connection) for connection in gateway.hub.clients.values()]
    put(policy, POLICY.replace('tables."*" = {}', 'tables."*" = { hide = ["meta"] }'))
    former = sessions[0].rights.view
    gateway.reload()
    changed = [0]
    while changed[-1] < len(sessions):
        await asyncio.sleep(0)
        changed.append(sum(session.rights.view != former for session in sessions))
    assert max(after - before for before, after in pairwise(changed)) == 1


async def test_rights_that_change_while_a_client_is_away_are_told_when_it_resumes(
    gateway: Gateway, listener: FakeListener, client_of: ConnectClient, policy: Path
) -> None:
    away, same, operator = [await client_of(gateway) for _ in range(3)]
    epochs = [(await away.register(token=cashier()))["epoch"], (await same.register(token=cashier("sousse")))["epoch"]]
    epochs.append((await operator.register(token=KEY))["epoch"])
    listener.publish(booking(1))
    assert await away.events(1) == [1]
    for client in (away, same, operator):
        await client.socket.close()
    put(policy, POLICY.replace('station" }', 'station", neq = "jemmal" }'))
    gateway.reload()

    async def resume(token: str, epoch: str, seq: int) -> tuple[Client, dict[str, Any]]:
        client = await client_of(gateway)
        return client, await client.register(token=token, resume={"epoch": epoch, "seq": seq})

    back, registered = await resume(cashier(), epochs[0], 1)
    assert not registered["resumed"]
    reload = await back.expect("resync")
    assert (reload["reason"], reload["tables"], reload["seq"]) == ("rights_changed", None, 1)
    assert reload["epoch"] == registered["epoch"] != epochs[0]

    moved, registered = await resume(cashier("jemmal"), epochs[1], 0)
    assert not registered["resumed"], "another token than before is another view, too"
    assert (await moved.expect("resync"))["reason"] == "rights_changed"

    unchanged, registered = await resume(KEY, epochs[2], 0)
    assert (registered["resumed"], registered["epoch"]) == (True, epochs[2])
    assert await unchanged.events(1) == [1]

    listener.publish(booking(2))
    again, registered = await resume(cashier(), reload["epoch"], reload["seq"])
    assert registered["resumed"], "who reloaded goes on from there"
    assert again is not back


async def test_every_gateway_knows_equal_rights_as_the_same(
    gateway: Gateway, start_gateway: StartGateway, listener: FakeListener, client_of: ConnectClient, tmp_path: Path
) -> None:
    keys, policy = str(tmp_path / "issuer.pem"), tmp_path / "policy.toml"
    sibling = await start_gateway(client_key=KEY, token_keys=keys, policy=policy)
    client = await client_of(gateway)
    epoch = (await client.register(token=cashier()))["epoch"]
    listener.publish(booking(1), booking(2))
    await until(lambda: sibling.delivery.ring.top == 2)
    resumed = await client_of(sibling)
    registered = await resumed.register(token=cashier(jti="fresh"), resume={"epoch": epoch, "seq": 0})
    assert (registered["resumed"], registered["epoch"]) == (True, epoch)
    assert await resumed.events(2) == [1, 2]


async def test_a_bad_file_keeps_the_old_policy(
    gateway: Gateway, listener: FakeListener, client_of: ConnectClient, policy: Path
) -> None:
    client = await client_of(gateway)
    await client.register(token=cashier())
    for text in ("[roles", "[roles.cashier]\nbrodcast = true"):
        put(policy, text)
        with pytest.raises(ConfigurationError, match="WASLA_POLICY"):
            gateway.reload()
    remove(policy)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        gateway.reload()
    late = await client_of(gateway)
    await late.register(token=cashier())
    listener.publish(booking(1))
    for bounded in (client, late):
        assert "meta" not in (await bounded.expect("realtime_event"))["data"]


async def test_a_bad_file_ends_the_start(start_gateway: StartGateway, policy: Path) -> None:
    put(policy, "[roles.r]\ntables.t.hides = ['c']")
    with pytest.raises(ConfigurationError, match=r"WASLA_POLICY: .*policy.toml: roles.r.tables.t: expected where,"):
        await start_gateway(policy=policy)


async def test_equal_rights_share_one_encoding(
    gateway: Gateway, listener: FakeListener, client_of: ConnectClient
) -> None:
    tills = [await client_of(gateway) for _ in range(8)]
    for number, till in enumerate(tills):
        await till.register(token=cashier(sub=f"user{number}", jti=f"t{number}"))
    listener.publish(booking(1), booking(2))
    for till in tills:
        assert await till.events(2) == [1, 2]
    assert len(gateway.delivery.groups) == 1
    assert gateway.delivery.groups.vision.encoded == 2
