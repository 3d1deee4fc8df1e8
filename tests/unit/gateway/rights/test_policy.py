"""Which role a client has, and the rights that follow."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.access.admission import KEY_HOLDER, UNNAMED, Admission, Entrance
from services.gateway.conditions import Condition
from services.gateway.rights.explaining import explain
from services.gateway.rights.misfits import misfits
from services.gateway.rights.policy_file import parse
from services.gateway.rights.views import Lens, Sight, View
from shared.catalog import Catalog, Table

POLICY = parse("""
[who]
claim = "roles"
key = "operator"
anonymous = "board"
token = "guest"

[roles.operator]
broadcast = true
clients = true
tables."*" = {}

[roles.cashier]
broadcast = true
tables.bookings.where = { station = { eq = "claims.station" }, seats = { lte = 2 } }
tables.bookings.hide = ["code"]
tables.bookings.mask = { amount = "***" }
tables."*" = { where = { depot = { in = "claims.place.depots" } } }
tables.salaries = false

[roles.board]
channels = ["vehicle_events"]
tables."*" = {}

[roles.guest]
tables.vehicle_queue = { metadata_only = true, business_events = false, where = { gone = { is_null = true } } }
""")

CATALOG = Catalog(
    {
        "bookings": Table(
            "booking_events",
            {"id": "string", "station": "string", "code": "string", "amount": "number", "seats": "number"},
        ),
        "vehicle_queue": Table("vehicle_events", {"id": "string", "gone": "string", "depot": "string"}),
        "salaries": Table("salary_events", {"id": "string"}),
        "wasla.probe": Table("wasla_probe", {"machine": "string"}, internal=True),
    }
)


def token(**claims: Any) -> Admission:
    return Admission("amine", by=Entrance.TOKEN, claims=claims)


@pytest.mark.parametrize(
    ("admission", "role"),
    [
        (KEY_HOLDER, "operator"),
        (UNNAMED, "board"),
        (token(), "guest"),
        (token(roles="cashier"), "cashier"),
        (token(roles=["board", "cashier"]), "cashier"),
        (token(roles=["nobody", 7]), "guest"),
        (token(roles={"cashier": True}), "guest"),
    ],
)
def test_the_role(admission: Admission, role: str) -> None:
    assert POLICY.role_of(admission) == role


def test_without_a_role_nothing_is_seen_or_done() -> None:
    policy = parse("[roles.r]\nbroadcast = true\ntables.'*' = {}")
    for admission in (KEY_HOLDER, UNNAMED, token(), token(role="x")):
        rights = policy.rights(admission)
        assert not rights.broadcast
        assert not rights.clients
        assert rights.view is not None
        assert rights.view.sight("bookings", "booking_events") is None


def test_who_may_see_everything_is_served_like_everybody_without_a_policy() -> None:
    rights = POLICY.rights(KEY_HOLDER)
    assert (rights.view, rights.broadcast, rights.clients) == (None, True, True)


def test_a_token_that_may_see_everything_may_not_watch_the_probe() -> None:
    view = POLICY.rights(token(roles="operator")).view
    assert view is not None
    assert view.sight("anything", "at_all") == Sight()
    assert "wasla.probe" not in view.narrowed(CATALOG).tables


def view_of(**claims: Any) -> View:
    view = POLICY.rights(token(**claims)).view
    assert view is not None
    return view


def test_claims_stand_in_conditions() -> None:
    view = view_of(roles="cashier", station="S1", place={"depots": ["D1", "D2"]})
    station, seats = Condition("station", "eq", "string", "S1"), Condition("seats", "lte", "number", 2)
    lens = Lens(frozenset({"code"}), frozenset({("amount", "***")}))
    assert view.sight("bookings", "booking_events") == Sight(frozenset({station, seats}), lens)
    depots = Condition("depot", "in", "string", ("D1", "D2"))
    assert view.sight("vehicle_queue", "vehicle_events") == Sight(frozenset({depots}))
    assert view.sight("salaries", "salary_events") is None


@pytest.mark.parametrize("station", [None, ["S1"], {"eq": "S1"}])
def test_a_claim_that_is_missing_or_does_not_fit_hides_the_table(station: Any) -> None:
    view = view_of(roles="cashier", station=station, place={"depots": "D1"})
    assert view.sight("bookings", "booking_events") is None, "and not what the rule for any other table would show"
    assert view.sight("vehicle_queue", "vehicle_events") is not None, "one depot is a list of one"


def test_a_claim_may_have_a_name_with_dots() -> None:
    policy = parse("""
        [who]
        claim = "https://example.com/role"
        [roles.r]
        tables.t.where = { c = { eq = "claims.https://example.com/c" } }""")
    view = policy.rights(token(**{"https://example.com/role": "r", "https://example.com/c": 1})).view
    assert view is not None
    assert view.sight("t", "c") == Sight(frozenset({Condition("c", "eq", "number", 1)}))


def test_channels_bound_what_the_tables_allow() -> None:
    view = POLICY.rights(UNNAMED).view
    assert view is not None
    assert view.sight("vehicle_queue", "vehicle_events") == Sight()
    assert view.sight("bookings", "booking_events") is None


def test_views_are_equal_where_the_rights_are() -> None:
    one = view_of(roles="cashier", station="S1", sub="a")
    same = view_of(roles=["cashier"], station="S1", sub="b")
    other = view_of(roles="cashier", station="S2", sub="a")
    assert one == same
    assert hash(one) == hash(same)
    assert one != other


def test_the_catalogue_of_a_view_holds_what_it_sees() -> None:
    narrowed = view_of(roles="cashier", station="S1").narrowed(CATALOG)
    assert narrowed == Catalog(
        {"bookings": Table("booking_events", {"id": "string", "station": "string", "seats": "number"})}
    )
    assert view_of().narrowed(CATALOG) == Catalog({"vehicle_queue": Table("vehicle_events", {})})
    board = POLICY.rights(UNNAMED).view
    assert board is not None
    assert set(board.narrowed(CATALOG).tables) == {"vehicle_queue", "wasla.probe"}


def explained(admission: Admission, *tables: str) -> list[str]:
    return list(explain(POLICY, admission, tables, {name: table.channel for name, table in CATALOG.tables.items()}))


def test_a_decision_is_explained() -> None:
    assert explained(token(roles="cashier", station="S1"), "bookings", "salaries", "vehicle_queue") == [
        "The client has the role cashier, by its claim roles.",
        (
            'bookings: rows where station is "S1" (claim station) and seats is at most 2; '
            'without code; amount always as "***".'
        ),
        "salaries: not seen, for the role says false.",
        (
            'vehicle_queue: not seen, for the claim place.depots is missing or does not fit (by the rule "*"): '
            "in on column depot expects a list of 1 to 100 values, each a boolean or a number or a string, got [null]."
        ),
        "It may broadcast.",
        "It may not list clients.",
    ]
    assert explained(token(), "vehicle_queue", "bookings") == [
        "The client has the role guest, since its claim roles names no role of the file (who.token).",
        "vehicle_queue: rows where gone is null; only that they changed, no values; business events unnamed.",
        "bookings: not seen, for the role has no rule for it.",
        "It may not broadcast.",
        "It may not list clients.",
    ]
    assert explained(UNNAMED, "bookings")[:2] == [
        "The client has the role board, as everybody who presents nothing (who.anonymous).",
        "bookings: not seen, for its channel booking_events is none of the role's (vehicle_events).",
    ]
    assert explained(KEY_HOLDER, "bookings")[:2] == [
        "The client has the role operator, as everybody who presents the client key (who.key).",
        'bookings: every row (by the rule "*").',
    ]


def test_names_that_nothing_has_are_found() -> None:
    policy = parse("""
        [roles.r]
        channels = ["booking_events", "boking_events"]
        tables.bookings.hide = ["cod"]
        tables.bookings.mask = { amout = "*" }
        tables.bookings.where = { seats = { eq = "2" }, stat = { eq = 1 } }
        tables.booking = {}
        tables."*" = { hide = ["code", "salary"] }""")
    every = "amount, code, depot, gone, id, seats, station"
    own = "amount, code, id, seats, station"
    assert list(misfits(policy, CATALOG)) == [
        (
            "roles.r.channels: expected a channel of a watched table (booking_events, salary_events, vehicle_events), "
            "got boking_events; correct it"
        ),
        f"roles.r.tables.bookings.where: expected a column of bookings ({own}), got stat; correct it",
        f"roles.r.tables.bookings.hide: expected a column of bookings ({own}), got cod; correct it",
        f"roles.r.tables.bookings.mask: expected a column of bookings ({own}), got amout; correct it",
        'roles.r.tables.bookings.where: eq on column seats expects a number, got "2"; correct it',
        "roles.r.tables.booking: expected a watched table (bookings, salaries, vehicle_queue), got booking; correct it",
        f"roles.r.tables.*.hide: expected a column of some watched table ({every}), got salary; correct it",
    ]
    assert not list(misfits(POLICY, CATALOG))
