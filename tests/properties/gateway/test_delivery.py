"""Whatever readers do and however the ring turns: every matching event once, in order, or one resync. Never a gap."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from services.gateway import delivery as delivery_module
from services.gateway.delivery import Delivery
from services.gateway.entries import Entry, enter
from services.gateway.frames import payload_of
from services.gateway.history import History
from services.gateway.readers import Reader, ReaderState
from services.gateway.ring import Page, Ring
from services.gateway.subscriptions import EVERYTHING, Interest, Subscription
from shared.events import Event
from shared.positions import Position

BOOKINGS: Interest = frozenset({Subscription(tables=frozenset({"bookings"}))})
NOTHING: Interest = frozenset()
INTERESTS = [EVERYTHING, BOOKINGS, NOTHING]


def make(seq: int, table: str) -> Entry:
    padding = "x" * (20_000 if seq % 7 == 0 else 3000)
    message = {"message_type": "realtime_event", "data": {"seq": seq, "table": table, "padding": padding}}
    return enter(Event(seq, "INSERT", table, "c", None, 0.0, json.dumps(message).encode()), epoch="e", received_at=0.0)


@dataclass
class Client:
    """What a client believes, from the bytes it was handed."""

    delivery: Delivery
    interest: Interest
    expected: list[int] = field(default_factory=list)
    """Seqs that it must still be sent, in this order."""
    position: int = 0
    room: int = 10**9
    reader: Reader | None = None
    resyncs: int = 0

    def write(self, chunk: bytes) -> None:
        assert self.reader is None or not self.reader.paused or b'"resync"' not in chunk
        self.room -= len(chunk)
        for message in split(chunk):
            self.take(message["message_type"], message["data"])
        if self.room <= 0 and self.reader is not None and not self.reader.paused:
            self.delivery.pause(self.reader)

    def take(self, message_type: str, data: dict[str, Any]) -> None:
        if message_type == "realtime_event":
            assert self.expected, "an event too many"
            assert data["seq"] == self.expected.pop(0)
            self.position = data["seq"]
        elif message_type == "position":
            assert data["seq"] > self.position, "a position that says nothing new"
            assert not self.expected or self.expected[0] > data["seq"]
            self.position = data["seq"]
        elif message_type == "resync":
            self.resyncs += 1
            self.position = data["seq"]
            self.expected = [seq for seq in self.expected if seq > data["seq"]]


def split(chunk: bytes) -> list[dict[str, Any]]:
    found = []
    while chunk:
        payload = payload_of(chunk)
        header = len(chunk) - len(payload)
        length = {126: int.from_bytes(chunk[2:4], "big"), 127: int.from_bytes(chunk[2:10], "big")}.get(
            chunk[1], chunk[1]
        )
        text = chunk[header : header + length]
        if chunk[0] == 0xC1:
            text = zlib.decompressobj(-15).decompress(text + b"\0\0\xff\xff")
        found.append(json.loads(text))
        chunk = chunk[header + length :]
    return found


class Deliveries(RuleBasedStateMachine):
    """Clients come, go, stall and read on while events arrive; the log answers, late or never again."""

    clients = Bundle("clients")

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Entry] = []
        self.expired = 0
        self.delivery = Delivery(Ring(max_events=6, max_bytes=10**9), History(max_pages=2, page_events=3))
        self.delivery.reset("e", 0, "epoch_changed", 0.0)
        self.everyone: list[Client] = []
        self.asked: list[int] = []

    @rule(tables=st.lists(st.sampled_from(["bookings", "vehicle_queue"]), min_size=1, max_size=12))
    def events(self, tables: list[str]) -> None:
        new = [make(len(self.log) + 1 + index, table) for index, table in enumerate(tables)]
        self.log += new
        for client in self.everyone:
            client.expected += [entry.seq for entry in new if wants(client.interest, entry)]
        self.delivery.deliver(new)

    @rule(
        target=clients,
        interest=st.sampled_from(INTERESTS),
        room=st.sampled_from([1, 40_000, 10**9]),
        deflates=st.booleans(),
    )
    def join(self, interest: Interest, room: int, deflates: bool) -> Client:
        client = Client(self.delivery, interest, position=len(self.log), room=room)
        client.reader = self.delivery.join(client.write, interest, deflates=deflates)
        self.everyone.append(client)
        return client

    @rule(target=clients, interest=st.sampled_from(INTERESTS), data=st.data(), deflates=st.booleans())
    def resume(self, interest: Interest, data: st.DataObject, deflates: bool) -> Client:
        seq = data.draw(st.integers(0, len(self.log)))
        client = Client(self.delivery, interest, position=seq)
        client.expected = [entry.seq for entry in self.log[seq:] if wants(interest, entry)]
        client.reader = self.delivery.resume(
            client.write, interest, Position("e", seq), now=0.0, monotonic=0.0, deflates=deflates
        )
        self.everyone.append(client)
        return client

    @rule(client=clients, interest=st.sampled_from(INTERESTS))
    def change(self, client: Client, interest: Interest) -> None:
        assert client.reader is not None
        if client.reader.state is ReaderState.GONE:
            return
        stands_at = self.delivery.change_interest(client.reader, interest)
        before = [seq for seq in client.expected if seq <= stands_at]
        assert not before, "what stands before the change was sent before it"
        client.interest = interest
        client.expected = [entry.seq for entry in self.log[stands_at:] if wants(interest, entry)]

    @rule(client=clients, room=st.sampled_from([1, 40_000, 10**9]))
    def read(self, client: Client, room: int) -> None:
        assert client.reader is not None
        client.room = room
        if client.reader.paused:
            self.delivery.unpause(client.reader, 0.0)

    @rule(client=consumes(clients))
    def leave(self, client: Client) -> None:
        assert client.reader is not None
        self.delivery.leave(client.reader)
        self.everyone.remove(client)

    @rule(budget=st.integers(1, 30))
    def serve(self, budget: int) -> None:
        self.delivery.serve(budget)

    @rule()
    def ask(self) -> None:
        wanted = self.delivery.next_wanted()
        if wanted is not None:
            self.delivery.history.ask(wanted)
            self.asked.append(wanted)

    @rule()
    def answer(self) -> None:
        if self.asked:
            after = self.asked.pop(0)
            self.delivery.history.answered(after)
            if after < self.expired:
                self.delivery.expire(after, 0.0)
            else:
                self.delivery.add_page(Page(after, self.log[after : after + 3]))

    @rule()
    def forget_log(self) -> None:
        self.expired = max(0, len(self.log) - 8)

    @rule()
    def tell_positions(self) -> None:
        self.delivery.tell_positions(0.0)

    @invariant()
    def live_readers_miss_nothing(self) -> None:
        for client in self.everyone:
            assert client.reader is not None
            if client.reader.state is ReaderState.LIVE:
                assert not client.expected

    @invariant()
    def a_position_is_never_ahead_of_what_is_missing(self) -> None:
        for client in self.everyone:
            assert not client.expected or client.position < client.expected[0]

    def teardown(self) -> None:
        """Everybody reads on, the log answers: then everybody has everything."""
        for client in self.everyone:
            self.read(client, 10**9)
        for _ in range(len(self.log) * len(self.everyone) + 10):
            self.delivery.serve(100)
            self.ask()
            self.answer()
        for client in self.everyone:
            assert client.reader is not None
            assert client.reader.state is ReaderState.LIVE
            assert not client.expected
        self.delivery.tell_positions(0.0)
        for client in self.everyone:
            assert client.position == len(self.log)


def wants(interest: Interest, entry: Entry) -> bool:
    return any(not item.tables or entry.table in item.tables for item in interest)


delivery_module.SCAN_EVENTS = 4  # type: ignore[misc]
TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
