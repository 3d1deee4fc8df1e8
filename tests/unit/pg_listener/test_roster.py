"""The roster knows whom to ask and says who did not answer."""

from __future__ import annotations

from services.pg_listener.roster import Gateways, Gathering
from shared.bus.messages import RosterAnswer, RosterEntry


def entry(client_id: str, gateway: str, connected_at: float = 0.0) -> RosterEntry:
    return RosterEntry(client_id, "counter", gateway, connected_at, connected_at)


def test_a_gateway_that_falls_silent_is_not_waited_for() -> None:
    gateways = Gateways(forgotten_after=3.0)
    gateways.heard("gateway-00", now=10.0)
    gateways.heard("gateway-01", now=12.0)
    assert gateways.present(now=13.0) == {"gateway-00", "gateway-01"}
    assert gateways.present(now=13.5) == {"gateway-01"}


def test_answers_are_put_together_by_age() -> None:
    gathering = Gathering("q1", frozenset({"gateway-00", "gateway-01"}))
    gathering.add(RosterAnswer("q1", "gateway-01", [entry("b", "gateway-01", 2.0)]))
    assert gathering.missing == {"gateway-00"}
    gathering.add(RosterAnswer("q1", "gateway-00", [entry("c", "gateway-00", 3.0), entry("a", "gateway-00", 1.0)]))
    reply = gathering.reply(request_id=5)
    assert [client.client_id for client in reply.clients] == ["a", "b", "c"]
    assert (reply.request_id, reply.missing) == (5, [])


def test_who_did_not_answer_is_named() -> None:
    gathering = Gathering("q1", frozenset({"gateway-01", "gateway-00"}))
    assert gathering.reply(request_id=5).missing == ["gateway-00", "gateway-01"]


def test_a_gateway_that_was_not_expected_counts_too_and_a_second_answer_replaces() -> None:
    gathering = Gathering("q1", frozenset())
    gathering.add(RosterAnswer("q1", "gateway-09", [entry("old", "gateway-09")]))
    gathering.add(RosterAnswer("q1", "gateway-09", [entry("new", "gateway-09")]))
    assert [client.client_id for client in gathering.reply(5).clients] == ["new"]
