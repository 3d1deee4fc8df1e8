"""No client ever receives a row, a column, a key or a value that it may not see: a random policy, random clients and
random changes against an oracle that knows nothing of views, lenses and groups.

The oracle works on the rows themselves and says of each event which message a client is to get, to the last field.
Beside that, every value is marked by row and column, so that a value which turns up anywhere, in whatever field of
whatever message, is found in the raw bytes.
"""

from __future__ import annotations

import json
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
from shared.catalog import Catalog, Table
from shared.positions import Position
from tests.properties.gateway.test_delivery import split

TABLES = {"bookings": "booking_events", "audit.entries": "audit_events"}
COLUMNS = ("id", "station", "code", "amount", "spot")
CATALOG = Catalog(
    {name: Table(channel, dict.fromkeys(COLUMNS, "string"), key=("id",)) for name, channel in TABLES.items()}
)
STATIONS = ("S1", "S2")

Row = dict[str, str | int | None]


@dataclass
class Rule:
    """What a role may see of a table; ``station`` and ``spot`` are conditions: None, a value, or a claim's name."""

    station: str | None = None
    most_spots: int | None = None
    hide: list[str] = field(default_factory=list)
    mask: list[str] = field(default_factory=list)
    metadata_only: bool = False
    business_events: bool = True

    def toml(self) -> str:
        where = {}
        if self.station is not None:
            where["station"] = f'{{ eq = "{self.station}" }}'
        if self.most_spots is not None:
            where["spot"] = f"{{ lte = {self.most_spots} }}"
        return "\n".join(
            [
                "where = { " + ", ".join(f"{column} = {tests}" for column, tests in where.items()) + " }",
                f"hide = {json.dumps(self.hide)}",
                "mask = { " + ", ".join(f'{column} = "***"' for column in self.mask) + " }",
                f"metadata_only = {str(self.metadata_only).lower()}",
                f"business_events = {str(self.business_events).lower()}",
            ]
        )


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    concealed = draw(st.lists(st.sampled_from(["code", "station", "amount", "id", "spot"]), unique=True, max_size=3))
    hidden = len(concealed) - draw(st.integers(0, len(concealed)))
    return Rule(
        draw(st.sampled_from(["S1", "claims.station", "claims.station", None, "claims.missing"])),
        draw(st.sampled_from([None, None, None, 2])),
        concealed[:hidden],
        concealed[hidden:],
        draw(st.booleans()) and draw(st.booleans()),
        draw(st.booleans()),
    )


@dataclass
class RoleRules:
    tables: dict[str, Rule | None]
    channels: list[str] | None

    def toml(self, name: str) -> str:
        lines = [f"[roles.{name}]"]
        if self.channels is not None:
            lines.append(f"channels = {json.dumps(self.channels)}")
        lines += [f"tables.{json.dumps(table)} = false" for table, rule in self.tables.items() if rule is None]
        for table, rule in self.tables.items():
            if rule is not None:
                lines += [f"[roles.{name}.tables.{json.dumps(table)}]", rule.toml()]
        return "\n".join(lines)

    def rule(self, table: str) -> Rule | None:
        if self.channels is not None and TABLES[table] not in self.channels:
            return None
        return self.tables.get(table, self.tables.get("*"))


roles = st.builds(
    RoleRules,
    st.fixed_dictionaries(
        {"bookings": st.one_of(rules(), rules(), rules(), st.none())},
        optional={"audit.entries": st.one_of(rules(), st.none()), "*": st.one_of(rules(), st.none())},
    ),
    st.sampled_from([None, None, None, ["booking_events"], []]),
)
policies = st.lists(roles, min_size=1, max_size=3)


@dataclass
class Told:
    """One change as the database knows it."""

    event_type: str
    table: str
    old: Row | None = None
    new: Row | None = None
    is_long: bool = False
    business_event: str | None = None

    def logged(self, seq: int) -> dict[str, Any]:
        """Return the log's row."""
        is_update = self.event_type == "UPDATE"
        shown = None if self.is_long else self.new or self.old
        former = {column: self.old[column] for column in self.changed} if self.old and is_update else None
        return {
            "seq": seq,
            "event_type": self.event_type,
            "table_name": self.table,
            "channel": TABLES[self.table],
            "business_event": self.business_event,
            "captured_at": 1.0,
            "sequenced_at": 1.0,
            "internal": False,
            "row_id": str((self.new or self.old or {}).get("id")) if self.new or self.old else None,
            "data": None if shown is None else json.dumps(shown),
            "changed": self.changed if is_update else None,
            "old": None if former is None or self.is_long else json.dumps(former),
            "origin": "writer",
            "tx_id": "1",
            "tx_index": 0,
            "tx_size": 1,
        }

    @property
    def changed(self) -> list[str]:
        if self.old is None or self.new is None:
            return []
        return [column for column in COLUMNS if self.old[column] != self.new[column]]


def write(draw: st.DrawFn, tables: dict[str, list[Row]], number: int) -> Told:
    """Draw a change and make it."""
    table = draw(st.sampled_from(["bookings", "bookings", "bookings", "audit.entries"]))
    rows = tables[table]
    kind = draw(st.sampled_from([*["INSERT"] * 3, *["UPDATE"] * 8, "DELETE", "DELETE", "TRUNCATE", "TEST", "MARK"]))
    is_long = draw(st.integers(0, 11)) == 11
    business = draw(st.sampled_from([None, None, "BOOKING_CREATED"]))
    if kind in ("UPDATE", "DELETE") and not rows:
        kind = "INSERT"
    if kind == "INSERT":
        row: Row = {name: f"<{name}-{number}>" for name in COLUMNS}
        row |= {"station": draw(st.sampled_from(STATIONS)), "spot": draw(st.integers(0, 3))}
        rows.append(row)
        return Told("INSERT", table, None, row, is_long, business)
    if kind == "TRUNCATE":
        rows.clear()
        return Told(kind, table)
    if kind in ("TEST", "MARK"):
        return Told("CAPTURE_FAILED" if kind == "MARK" else kind, table)
    former = draw(st.sampled_from(rows))
    rows.remove(former)
    if kind == "DELETE":
        return Told(kind, table, former, None, is_long, business)
    changes: Row = {}
    for column in draw(st.lists(st.sampled_from([*COLUMNS, "station", "station"]), min_size=1, max_size=4)):
        changes[column] = f"<{column}-{number}>"
        if column == "station":
            changes[column] = draw(st.sampled_from([*STATIONS, None]))
        if column == "spot":
            changes[column] = draw(st.sampled_from([0, 1, 2, 3, None]))
    rows.append({**former, **changes})
    return Told(kind, table, former, rows[-1], is_long, business)


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    tables: dict[str, list[Row]] = {name: [] for name in TABLES}
    return [write(draw, tables, number) for number in range(draw(st.integers(1, 25)))]


# The oracle.


def may_see(rule: Rule, claims: dict[str, Any], row: Row | None) -> bool:
    if row is None:
        return False
    station = claims.get("station") if rule.station == "claims.station" else rule.station
    if station is not None and row["station"] != station:
        return False
    spot = row["spot"]
    return rule.most_spots is None or (isinstance(spot, int) and spot <= rule.most_spots)


def part(rule: Rule, row: dict[str, Any] | None) -> dict[str, Any] | None:
    if row is None or rule.metadata_only:
        return None
    return {name: "***" if name in rule.mask else value for name, value in row.items() if name not in rule.hide}


def expected(role: RoleRules | None, claims: dict[str, Any], told: Told, seq: int) -> dict[str, Any] | None:
    """Return the data of the message that a client gets, None for none."""
    rule = None if role is None else role.rule(told.table)
    if (
        rule is None
        or rule.station == "claims.missing"
        or (rule.station == "claims.station" and "station" not in claims)
    ):
        return None
    reload = {"reason": "capture_failed", "tables": [told.table], "epoch": "e", "seq": seq}
    if told.event_type == "CAPTURE_FAILED":
        return reload
    bound = rule.station is not None or rule.most_spots is not None
    event_type, row, changed, business = told.event_type, told.new or told.old, told.changed, told.business_event
    if told.event_type in ("INSERT", "UPDATE", "DELETE") and bound:
        if told.is_long:
            return reload
        before, after = may_see(rule, claims, told.old), may_see(rule, claims, told.new)
        if not before and not after:
            return None
        if told.event_type == "UPDATE" and before != after:
            event_type, row, business = ("INSERT", told.new, None) if after else ("DELETE", told.old, None)
    business = business if rule.business_events else None
    is_update = event_type == "UPDATE"
    if is_update and changed and set(changed) <= set(rule.hide) and business is None:
        return None
    old = {column: told.old[column] for column in changed} if is_update and told.old and not told.is_long else None
    hides_key = "id" in rule.hide or "id" in rule.mask
    return {
        "event_type": event_type,
        "table": told.table,
        "id": None if row is None or hides_key else row["id"],
        "data": part(rule, None if told.is_long else row),
        "seq": seq,
        "channel": TABLES[told.table],
        "business_event": business,
        "changed": [column for column in changed if column not in rule.hide] if is_update else None,
        "old": part(rule, old),
        "origin": "writer",
        "tx": {"id": "1", "index": 0, "size": 1},
    }


def marks(role: RoleRules | None, claims: dict[str, Any], told: Told) -> set[str]:
    """Return the marked values that a client may learn from a change."""
    rule = None if role is None else role.rule(told.table)
    if rule is None:
        return set()
    rows = [row for row in (told.old, told.new) if row is not None and may_see(rule, claims, row)]
    columns = ("id",) if rule.metadata_only else COLUMNS
    return {str(row[column]) for row in rows for column in columns if column not in (*rule.hide, *rule.mask)}


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


def wanted(interest: Interest, message: dict[str, Any]) -> bool:
    """Tell whether a client that asked so gets what its rights leave of a change: by the message and nothing else."""
    (asked,) = interest
    if (
        asked.channels
        and message.get("channel", TABLES[message.get("table") or message["tables"][0]]) not in asked.channels
    ):
        return False
    if "reason" in message:
        return True
    if asked.events and not {message["event_type"], message["business_event"]} & asked.events:
        return False
    if not asked.where or message["data"] is None:
        return True
    versions = [message["data"], {**message["data"], **(message["old"] or {})}]
    return any(all(condition.holds(version) for condition in asked.where) for version in versions)


@dataclass
class Client:
    """A client however it comes by its events: live, slowly, or by resuming."""

    role: RoleRules | None
    claims: dict[str, Any]
    after: int
    interest: Interest
    is_slow: bool = False
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
            if client.reader is not None and client.reader.paused:
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
        claims = data.draw(st.sampled_from([{"station": "S1"}, {"station": "S1"}, {"station": "S2"}, {}]))
        after = data.draw(st.integers(0, top))
        client = Client(
            drawn[number] if number < len(drawn) else None,
            claims,
            after,
            data.draw(st.sampled_from(INTERESTS)),
            data.draw(st.booleans()),
        )
        view = policy.rights(Admission("u", by=Entrance.TOKEN, claims={"role": f"r{number}", **claims})).view
        writer = client.writer(delivery)
        if after == top:
            client.reader = delivery.join(writer, client.interest, view)
        else:
            client.reader = delivery.resume(writer, client.interest, Position("e", after), view, now=1.0, monotonic=1.0)
        clients.append(client)

    position = 0
    while position < len(log):
        for _ in range(data.draw(st.integers(0, 2))):
            arrive(position)
        size = data.draw(st.integers(1, 5))
        delivery.deliver(log[position : position + size])
        position = min(len(log), position + size)
    arrive(len(log))
    settle(delivery, log, clients)

    for client in clients:
        due = [
            message
            for seq, told in enumerate(history, 1)
            if seq > client.after
            and (message := expected(client.role, client.claims, told, seq)) is not None
            and wanted(client.interest, message)
        ]
        for item in client.received:
            item.pop("timestamp", None)
        assert client.received == due
        told_values = {str(value) for told in history for row in (told.old, told.new) if row for value in row.values()}
        allowed = set().union(*[marks(client.role, client.claims, told) for told in history])
        found = {value for value in told_values if value.startswith("<") and value.encode() in client.raw}
        assert found <= allowed
        for item in due:
            event(f"told as {item.get('event_type', 'resync')}")
