"""What gateways ask of a listener beside events; no database is needed for it."""

from __future__ import annotations

import asyncio

import pytest

from services.pg_listener import gathering
from shared.bus.messages import (
    Broadcast,
    BroadcastRequest,
    CatalogRequest,
    Done,
    Failed,
    Hello,
    Recipient,
    RosterAnswer,
    RosterEntry,
    RosterQuery,
    RosterReply,
    RosterRequest,
    Sender,
)
from tests.integration.pg_listener.bench import PATIENCE, Bench


@pytest.fixture
async def line(bench: Bench, short_directory: object, monkeypatch: pytest.MonkeyPatch) -> str:
    """A listener whose database is not there, and to whom every gateway has said hello."""
    monkeypatch.setattr(gathering, "ACQUAINTANCE", 0.0)
    _, line = await bench.listener(f"postgresql:///none?host={short_directory}")
    return line


def _client(client_id: str, gateway: str) -> RosterEntry:
    return RosterEntry(client_id, "counter", gateway, 1.0, 2.0)


async def test_a_broadcast_reaches_every_gateway_before_its_sender_hears_done(bench: Bench, line: str) -> None:
    one, two = await bench.reader(line), await bench.reader(line)
    broadcast = Broadcast("b1", "lunch", b'{"at": 12}', Sender("c1", "counter"), Recipient())
    reply = await one.request(lambda n: BroadcastRequest(n, broadcast))
    assert isinstance(reply, Done)
    for reader in (one, two):
        await reader.until(lambda reader=reader: reader.others == [broadcast])  # type: ignore[misc]


async def test_a_roster_is_everybodys_clients(bench: Bench, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "TIMEOUT", PATIENCE)
    one, two = await bench.reader(line), await bench.reader(line)
    for name, reader in (("g1", one), ("g2", two)):
        reader.subscriber.notify(line, Hello(name))
        await reader.request(CatalogRequest)  # answered: what was said before it is heard, on this connection
    roster = asyncio.create_task(one.request(RosterRequest))
    for name, reader in (("g1", one), ("g2", two)):
        await reader.until(lambda reader=reader: bool(reader.others))  # type: ignore[misc]
        (query,) = reader.others
        assert isinstance(query, RosterQuery)
        reader.subscriber.notify(line, RosterAnswer(query.query_id, name, [_client(f"{name}-c", name)]))
    reply = await roster
    assert isinstance(reply, RosterReply)
    assert {client.client_id for client in reply.clients} == {"g1-c", "g2-c"}
    assert reply.missing == []


async def test_a_gateway_that_does_not_answer_is_named(bench: Bench, line: str) -> None:
    reader, missing = await bench.reader(line), ["frozen", "g1"]
    while missing == ["frozen", "g1"]:  # this answered too late, too
        reader.others.clear()
        for name in missing:
            reader.subscriber.notify(line, Hello(name))
        roster = asyncio.create_task(reader.request(RosterRequest))
        await reader.until(lambda: bool(reader.others))
        (query,) = reader.others
        assert isinstance(query, RosterQuery)
        reader.subscriber.notify(line, RosterAnswer(query.query_id, "g1", [_client("c", "g1")]))
        reply = await roster
        assert isinstance(reply, RosterReply)
        missing, clients = reply.missing, reply.clients
    assert [client.client_id for client in clients] == ["c"]
    assert missing == ["frozen"]


async def test_a_catalogue_that_was_never_read_is_not_an_empty_one(bench: Bench, line: str) -> None:
    reader = await bench.reader(line)
    assert reader.beats[line].catalog_version == 0
    reply = await reader.request(CatalogRequest)
    assert isinstance(reply, Failed)


async def test_beats_come_four_times_a_second(bench: Bench, line: str) -> None:
    reader = await bench.reader(line)
    first = reader.beats[line]
    await reader.until(lambda: reader.beats[line].sent_at >= first.sent_at + 1.0)
    assert (first.leading, first.epoch, first.top_seq, first.database_up) == (False, "", 0, False)
    assert reader.beats[line].listener == first.listener
