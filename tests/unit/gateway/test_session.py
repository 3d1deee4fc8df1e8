"""The table of states: every message in every state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.gateway.access.admission import Admission, Door
from services.gateway.access.denials import Why
from services.gateway.context import Context
from services.gateway.effects import AskRoster, Close, Deny, Effect, Enter, Interested, Limited, Publish, Reply
from services.gateway.errors import SENTENCES, Slug
from services.gateway.limits import Limit, Limits
from services.gateway.rights.views import Rights
from services.gateway.session import MESSAGE_TYPES, TABLE, Session, SessionState
from services.gateway.subscriptions import EVERYTHING, Subscription
from shared.access.client_key import ClientKey
from shared.bus.messages import Recipient
from shared.catalog import Catalog, Table
from shared.close_codes import CloseCode
from shared.positions import Position

LIMITS = Limits(max_subscriptions=2, max_conditions=2, max_messages_per_second=50)
CONTEXT = Context(None, LIMITS, 1_000_000.0, Door())


def tell(session: Session, message_type: str, data: Any = None, context: Context = CONTEXT) -> list[Effect]:
    return session.receive(json.dumps({"message_type": message_type, "data": data or {}}).encode(), context)


def registered() -> Session:
    session = Session("c1")
    tell(session, "register", {"app_name": "a"})
    return session


EXAMPLES: dict[str, Any] = {
    "register": {"app_name": "a"},
    "token": {"token": "t"},
    "ping": {},
    "subscribe": {"id": "s"},
    "unsubscribe": {"id": "s"},
    "broadcast": {"event_type": "A"},
    "custom_event": {"event_type": "A"},
    "clients": {},
}


def code_of(effect: Effect) -> str | None:
    return effect.data["code"] if isinstance(effect, Reply) and effect.message_type == "error" else None


@pytest.mark.parametrize("message_type", sorted(MESSAGE_TYPES))
@pytest.mark.parametrize("state", list(SessionState))
def test_every_message_in_every_state(state: SessionState, message_type: str) -> None:
    session = Session("c1") if state is SessionState.NEW else registered()
    if state is SessionState.REGISTERED:
        tell(session, "subscribe", {"id": "s"})
    session.state = state
    effects = tell(session, message_type, EXAMPLES[message_type])
    codes = [code_of(effect) for effect in effects]
    if state is SessionState.CLOSED:
        assert effects == []
    elif message_type in TABLE[state]:
        assert codes == [None]
    else:
        assert codes == ["not_registered" if state is SessionState.NEW else "already_registered"]


def test_registering_enters_with_everything_and_the_position_it_had() -> None:
    session = Session("c1")
    effects = tell(session, "register", {"app_name": "a", "resume": {"epoch": "e", "seq": 4}, "extra": 1})
    assert effects == [Enter(EVERYTHING, Position("e", 4))]
    assert (session.app_name, session.state) == ("a", SessionState.REGISTERED)


def test_registering_with_subscriptions_enters_with_those() -> None:
    session = Session("c1")
    (effect,) = tell(session, "register", {"app_name": "a", "subscribe": [{"id": "s", "tables": ["t"]}]})
    assert effect == Enter(frozenset({Subscription(tables=frozenset({"t"}))}), None)


def test_an_empty_list_of_subscriptions_is_none_at_all() -> None:
    (effect,) = tell(Session("c1"), "register", {"app_name": "a", "subscribe": []})
    assert effect == Enter(EVERYTHING, None)


def test_the_first_subscription_replaces_everything_and_the_last_unsubscription_leaves_nothing() -> None:
    session = registered()
    one, two = Subscription(tables=frozenset({"one"})), Subscription(tables=frozenset({"two"}))
    assert tell(session, "subscribe", {"id": "1", "tables": ["one"]}) == [
        Interested(frozenset({one}), "subscribed", "1")
    ]
    assert tell(session, "subscribe", {"id": "2", "tables": ["two"]}) == [
        Interested(frozenset({one, two}), "subscribed", "2")
    ]
    assert tell(session, "unsubscribe", {"id": "1"}) == [Interested(frozenset({two}), "unsubscribed", "1")]
    assert tell(session, "unsubscribe", {"id": "2"}) == [Interested(frozenset(), "unsubscribed", "2")]


def test_the_same_id_again_replaces_the_subscription_also_at_the_limit() -> None:
    session = registered()
    tell(session, "subscribe", {"id": "1"})
    tell(session, "subscribe", {"id": "2"})
    (effect,) = tell(session, "subscribe", {"id": "2", "tables": ["t"]})
    assert isinstance(effect, Interested)
    assert Subscription(tables=frozenset({"t"})) in effect.interest


def test_a_broadcast_keeps_its_data_as_it_came() -> None:
    text = b'{"message_type":"broadcast","data":{"event_type":"A","data":{"b": 1.50},"to":{"app_name":"x"},"id":7}}'
    assert registered().receive(text, CONTEXT) == [
        Publish("A", b'{"b": 1.50}', Recipient(app_name="x"), "broadcast", 7)
    ]


def test_clients_carries_the_id_of_the_question() -> None:
    assert tell(registered(), "clients", {"id": "q"}) == [AskRoster("q")]


def test_more_messages_than_twice_those_of_a_second_at_once_close() -> None:
    session = Session("c1")
    limits = Context(None, Limits(2, 2, 3), 5_000_000.5, Door())
    for _ in range(6):
        (effect,) = tell(session, "ping", context=limits)
        assert isinstance(effect, Reply)
    assert tell(session, "ping", context=limits) == [Limited(Limit.MESSAGES), Close(CloseCode.RATE_LIMITED)]
    assert tell(session, "ping", context=limits) == []


def test_as_many_messages_a_second_as_allowed_may_go_on_for_ever() -> None:
    session = registered()
    for second in range(100):
        context = Context(None, Limits(2, 2, 1), 5_000_000.0 + second, Door())
        (effect,) = tell(session, "ping", context=context)
        assert isinstance(effect, Reply)


def asked(session: Session, limits: Limits, now: float, message_type: str = "broadcast") -> str | None:
    """Ask something of the bus; return the code of the error."""
    context = Context(None, limits, now, Door())
    return code_of(tell(session, message_type, EXAMPLES[message_type], context)[-1])


def test_what_a_client_kept_while_it_was_offline_it_may_broadcast_at_once_and_then_less() -> None:
    session, limits = registered(), Limits(2, 2, 1000, max_requests_per_second=2)
    assert [asked(session, limits, 9.0) for _ in range(22)] == [None] * 20 + ["too_many_requests"] * 2
    assert [asked(session, limits, 10.0) for _ in range(3)] == [None, None, "too_many_requests"]
    assert asked(session, limits, 10.0, "clients") == "too_many_requests"


def test_all_clients_of_a_gateway_together_may_ask_for_so_much() -> None:
    limits = Limits(2, 2, 1000, max_requests_per_second=2, max_gateway_requests_per_second=3)
    sessions = [registered() for _ in range(31)]
    assert [asked(session, limits, 9.0) for session in sessions] == [None] * 30 + ["gateway_busy"]
    assert asked(sessions[0], limits, 10.0) is None


@pytest.mark.parametrize(
    ("message_type", "data", "limit"),
    [
        ("broadcast", {"event_type": "A"}, Limit.REQUESTS),
        ("subscribe", {"id": "third"}, Limit.SUBSCRIPTIONS),
        (
            "subscribe",
            {"id": "1", "tables": ["t"], "where": {name: {"eq": 1} for name in "abc"}},
            Limit.CONDITIONS,
        ),
    ],
)
def test_a_limit_that_is_told_is_noted_and_the_client_stays(message_type: str, data: Any, limit: Limit) -> None:
    context = Context(None, Limits(2, 2, 1000, max_requests_per_second=1), 9.0, Door())
    session = registered()
    for spent in range(10):
        tell(session, "subscribe", {"id": str(spent % 2)}, context)
        tell(session, "broadcast", {"event_type": "A"}, context)
    noted, error = tell(session, message_type, data, context)
    assert noted == Limited(limit)
    assert code_of(error) is not None
    assert session.state is SessionState.REGISTERED


@pytest.mark.parametrize("message_type", ["broadcast", "custom_event", "clients"])
def test_what_a_role_may_not_do_is_put_on_record_with_the_user(message_type: str) -> None:
    session = registered()
    session.rights, session.admission = Rights(None, broadcast=False, clients=False), Admission(user="amine")
    deny, error = tell(session, message_type, EXAMPLES[message_type])
    assert isinstance(deny, Deny)
    assert (deny.what, deny.denial.why, deny.denial.user) == (message_type, Why.FORBIDDEN, "amine")
    assert code_of(error) == "forbidden"
    assert session.state is SessionState.REGISTERED


CLOSED = Context(None, LIMITS, 1_000_000.0, Door(ClientKey("k" * 32)))


@pytest.mark.parametrize("data", [{}, {"token": ""}, {"token": "K" * 32}, {"token": "k" * 31}])
def test_who_has_no_key_is_told_so_and_closed(data: dict[str, str]) -> None:
    session = Session("c1")
    deny, error, close = tell(session, "register", {"app_name": "a", **data}, CLOSED)
    assert isinstance(deny, Deny)
    assert code_of(error) == "unauthorized"
    assert close == Close(CloseCode.UNAUTHORIZED)
    assert session.state is SessionState.CLOSED


def test_too_many_subscriptions_are_not_even_read_and_who_has_no_key_learns_nothing_of_it() -> None:
    wanted = {"app_name": "a", "subscribe": [{"id": 5}] * 3}
    noted, error = tell(Session("c1"), "register", wanted)
    assert noted == Limited(Limit.SUBSCRIPTIONS)
    assert code_of(error) == "too_many_subscriptions"
    refused = tell(Session("c1"), "register", wanted, CLOSED)
    assert [code_of(effect) for effect in refused] == [None, "unauthorized", None]
    (error,) = tell(Session("c1"), "register", {"app_name": "a", "subscribe": [{"id": 5}]})
    assert isinstance(error, Reply)
    assert error.data["reason"].endswith("expected `str`, got `int` - at `$.subscribe[0].id`")


def test_who_has_no_key_learns_nothing_of_what_is_watched() -> None:
    catalog = Catalog({"secrets": Table("secret_events", {})})
    data = {"app_name": "a", "subscribe": [{"id": "s", "tables": ["guess"]}]}
    effects = tell(Session("c1"), "register", data, CLOSED._replace(catalog=catalog))
    assert [code_of(effect) for effect in effects] == [None, "unauthorized", None]


@pytest.mark.parametrize(("presented", "data"), [(None, {"token": "k" * 32}), ("k" * 32, {})])
def test_the_key_comes_with_register_or_with_the_handshake(presented: str | None, data: dict[str, str]) -> None:
    session = Session("c1", presented)
    assert tell(session, "register", {"app_name": "a", **data}, CLOSED) == [Enter(EVERYTHING, None)]
    assert "k" * 32 not in repr([getattr(session, name) for name in Session.__slots__])


def test_every_error_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Slug)
