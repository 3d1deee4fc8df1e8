"""No client ever receives a row, a column, a key or a value that it may not see: a random policy, random clients and
random changes against an oracle that knows nothing of views, lenses and groups.

Beside what the oracle says, every value is marked by row and column, so that one which turns up anywhere, in whatever
field of whatever message, is found in the raw bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from services.gateway.access.admission import Admission, Entrance
from services.gateway.conditions import Condition
from services.gateway.delivery import Delivery
from services.gateway.entries import Entry, enter
from services.gateway.history import History
from services.gateway.readers import Reader
from services.gateway.rights.policy_file import parse
from services.gateway.ring import Page, Ring
from services.gateway.subscriptions import EVERYTHING, Interest, Subscription
from services.pg_listener.encoding import encode_rows
from shared.positions import Position
from tests.properties.gateway.drawn_policies import CATALOG, RoleRules, Told, histories, policies
from tests.properties.gateway.rights_oracle import expected, marks, wanted
from tests.properties.gateway.test_delivery import split

INTERESTS = [
    EVERYTHING,
    EVERYTHING,
    frozenset({Subscription(events=frozenset({"DELETE"}))}),
    frozenset({Subscription(events=frozenset({"BOOKING_CREATED"}))}),
    frozenset({Subscription(where=frozenset({Condition("station", "eq", "string", "S1")}))}),
    frozenset(
        {Subscription(where=frozenset({Condition("spot", "gte", "number", 2)}), channels=frozenset({"booking_events"}))}
    ),
]
"""What clients ask for; conditions on columns that they may not see among it, as where the catalogue was not known."""

CLAIMS: list[dict[str, Any]] = [
    *[{"station": "S1", "stations": ["S1"]}] * 2,
    {"station": "S2", "stations": ["S1", "S2"]},
    {"stations": "S2"},
    {},
]


@dataclass
class Client:
    """A client however it comes by its events: live, slowly, or by resuming."""

    role: RoleRules | None
    claims: dict[str, Any]
    after: int
    interest: Interest
    epoch: str
    is_slow: bool = False
    has_left: bool = False
    received: list[dict[str, Any]] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    reader: Reader | None = None

    def writer(self, delivery: Delivery) -> Any:
        def write(chunk: bytes) -> None:
            self.raw += chunk
            self.received += [item["data"] for item in split(chunk) if item["message_type"] != "position"]
            if self.is_slow and self.reader is not None:
                delivery.pause(self.reader)

        return write

    def leave(self, delivery: Delivery) -> None:
        self.has_left = True
        if self.reader is not None:
            delivery.leave(self.reader)


def entries_of(history: list[Told]) -> list[Entry]:
    logged = [told.logged(seq) for seq, told in enumerate(history, 1)]
    events = encode_rows(logged, published_at=1.0, row_max_bytes=10**6)
    return [enter(item, epoch="e", received_at=1.0) for item in events]


def settle(delivery: Delivery, log: list[Entry], clients: list[Client]) -> None:
    """Serve whoever lags until everybody is at the top; what left the ring comes from the log."""
    for _ in range(10 * len(log) + 10):
        delivery.serve(3)
        missing = delivery.next_wanted()
        if missing is not None:
            delivery.add_page(Page(missing, log[missing : missing + 4]))
        for client in clients:
            if client.reader is not None and client.reader.paused and not client.has_left:
                delivery.unpause(client.reader, 1.0)
        if not delivery.lagging:
            return
    raise AssertionError("somebody is never served")


@settings(max_examples=300, deadline=None)
@given(policies, histories(), st.data())
def test_nobody_receives_what_it_may_not_see_and_everybody_the_rest(
    drawn: list[RoleRules], history: list[Told], data: st.DataObject
) -> None:
    policy = parse("\n".join(role.toml(f"r{number}") for number, role in enumerate(drawn)))
    log = entries_of(history)
    delivery = Delivery(Ring(max_events=4, max_bytes=10**9), History(max_pages=2, page_events=4))
    delivery.groups.vision.know(CATALOG)
    delivery.reset("e", 0, "epoch_changed", 0.0)
    clients: list[Client] = []

    def arrive(top: int) -> None:
        number = data.draw(st.sampled_from([*range(len(drawn)), *range(len(drawn)), len(drawn)]))
        claims = data.draw(st.sampled_from(CLAIMS))
        view = policy.rights(Admission("u", by=Entrance.TOKEN, claims={"role": f"r{number}", **claims})).view
        client = Client(
            drawn[number] if number < len(drawn) else None,
            claims,
            data.draw(st.integers(0, top)),
            data.draw(st.sampled_from(INTERESTS)),
            delivery.joins_at(view).epoch,
            data.draw(st.booleans()),
        )
        writer, stood_at = client.writer(delivery), Position(client.epoch, client.after)
        if client.after == top:
            client.reader = delivery.join(writer, client.interest, view)
        else:
            client.reader = delivery.resume(writer, client.interest, stood_at, view, now=1.0, monotonic=1.0)
        clients.append(client)

    position = 0
    while position < len(log):
        for _ in range(data.draw(st.integers(0, 2))):
            arrive(position)
        size = data.draw(st.integers(1, 5))
        delivery.deliver(log[position : position + size])
        position = min(len(log), position + size)
        if data.draw(st.integers(0, 3)) == 3 and clients:
            data.draw(st.sampled_from(clients)).leave(delivery)
    arrive(len(log))
    settle(delivery, log, clients)

    for client in clients:
        due = [
            message
            for seq, told in enumerate(history, 1)
            if seq > client.after
            and (message := expected(client.role, client.claims, told, seq, client.epoch)) is not None
            and wanted(client.interest, message)
        ]
        for item in client.received:
            item.pop("timestamp", None)
        assert client.received == (due[: len(client.received)] if client.has_left else due)
        told_values = {str(value) for told in history for row in (told.old, told.new) if row for value in row.values()}
        allowed = set().union(*[marks(client.role, client.claims, told) for told in history])
        found = {value for value in told_values if value.startswith("<") and value.encode() in client.raw}
        assert found <= allowed
        for item in due:
            event(f"told as {item.get('event_type', 'resync')}")
