"""The turnstile: who is counted under what, who is turned away, and whom the usual settings let in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.gateway.access.audit import LIMIT_LINES, Audit
from services.gateway.access.turnstile import SPARE, Replay, TurnedAway, Turnstile, Visit
from services.gateway.limits import Limit
from services.gateway.settings import GatewaySettings
from shared.access.visitors import MAX_SITES

NAT = "203.0.113.7"
ROOMY = 10**6


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def turnstile(clock: Clock, **settings: Any) -> Turnstile:
    return Turnstile(GatewaySettings(**settings), Audit(), clock)


def come(stile: Turnstile, peer: str | None, *forwarded: str, most: int = ROOMY) -> Visit | Limit:
    """Connect, and send a request with these forwarded headers; return the visit, or why there was none."""
    visit = None
    try:
        visit = stile.arrive(peer, most)
        stile.introduce(visit, forwarded)
    except TurnedAway as reason:
        if visit is not None:
            stile.leave(visit)
        return reason.limit
    return visit


def let_in(stile: Turnstile, peer: str | None, times: int, *forwarded: str) -> int:
    """Connect so often and stay; return how many were let in."""
    return sum(isinstance(come(stile, peer, *forwarded), Visit) for _ in range(times))


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "", None])
def test_thousands_that_come_back_at_once_from_this_machine_are_let_in(clock: Clock, peer: str | None) -> None:
    stile = turnstile(clock)
    assert let_in(stile, peer, 5000) == 5000
    assert sum(stile.reached.values()) == 0


def test_a_station_behind_one_address_is_never_turned_away(clock: Clock) -> None:
    """Six tills that lose their gateway again and again, each dialling twice a second, for a day."""
    stile = turnstile(clock)
    for _ in range(10_000):
        visits = [come(stile, NAT) for _ in range(6)]
        for visit in visits:
            assert isinstance(visit, Visit)
            assert stile.replay(visit, 500) is Replay.NOW
            stile.leave(visit)
        clock.now += 0.5


def test_a_company_behind_one_address_comes_back_at_once(clock: Clock) -> None:
    stile = turnstile(clock)
    visits = [come(stile, NAT) for _ in range(1000)]
    assert all(isinstance(visit, Visit) and stile.replay(visit, 1000) is Replay.NOW for visit in visits)


def test_one_address_may_have_so_many_connections(clock: Clock) -> None:
    stile = turnstile(clock, max_connections_per_address=3)
    visits = [come(stile, NAT) for _ in range(4)]
    assert visits[3] is Limit.ADDRESS_CONNECTIONS
    assert isinstance(come(stile, "203.0.113.8"), Visit)
    assert isinstance(visits[0], Visit)
    clock.now += 100
    for _ in range(3):  # once is enough
        stile.leave(visits[0])
    assert isinstance(come(stile, NAT), Visit)
    assert come(stile, NAT) is Limit.ADDRESS_CONNECTIONS
    assert stile.inside == 4


def test_a_network_of_ipv6_is_one_address(clock: Clock) -> None:
    stile = turnstile(clock, max_connections_per_address=3)
    assert sum(let_in(stile, f"2001:db8:0:7::{number:x}", 1) for number in range(100)) == 3
    assert let_in(stile, "2001:db8:0:8::1", 1) == 1


def test_after_a_rush_one_address_may_connect_so_often(clock: Clock) -> None:
    stile = turnstile(clock, max_connections_per_address=10, max_connects_per_second=2)
    for _ in range(10):
        visit = come(stile, NAT)
        assert isinstance(visit, Visit)
        stile.leave(visit)
    with pytest.raises(TurnedAway) as reason:
        stile.arrive(NAT, ROOMY)
    assert (reason.value.limit, reason.value.status, reason.value.retry_after) == (Limit.CONNECT_RATE, 429, 1)
    assert let_in(stile, "203.0.113.8", 1) == 1
    clock.now += 5
    assert let_in(stile, NAT, 20) == 10


def test_a_gateway_that_is_full_says_so_by_http_where_even_that_is_too_much(clock: Clock) -> None:
    stile = turnstile(clock)
    assert sum(isinstance(come(stile, "127.0.0.1", most=5), Visit) for _ in range(SPARE + 10)) == SPARE + 5
    with pytest.raises(TurnedAway) as reason:
        stile.arrive("127.0.0.1", 5)
    assert (reason.value.limit, reason.value.status) == (Limit.CONNECTIONS, 503)


PROXIED = {"trusted_proxies": "10.0.0.0/8", "max_connections_per_address": 3}


def test_behind_a_proxy_it_is_the_client_that_is_counted(clock: Clock) -> None:
    stile = turnstile(clock, **PROXIED)
    assert let_in(stile, "10.0.0.5", 5, NAT) == 3
    assert let_in(stile, "10.0.0.6", 1, f"1.1.1.1, {NAT}") == 0
    assert let_in(stile, "10.0.0.5", 3, "203.0.113.8") == 3
    visit = come(stile, "10.0.0.5", "203.0.113.9")
    assert isinstance(visit, Visit)
    assert visit.remote == "203.0.113.9"


def test_who_is_no_proxy_of_ours_speaks_for_nobody(clock: Clock) -> None:
    stile = turnstile(clock, **PROXIED)
    assert sum(let_in(stile, NAT, 1, f"198.51.100.{number}") for number in range(10)) == 3


def test_who_comes_through_a_proxy_that_does_not_say_who_it_is_counts_as_the_proxy(clock: Clock) -> None:
    stile = turnstile(clock, **PROXIED)
    assert let_in(stile, "10.0.0.5", 10) == 3
    assert let_in(stile, "10.0.0.5", 1, NAT) == 1


def test_any_address_may_be_taken_out_of_it_and_loopback_put_into_it(clock: Clock) -> None:
    stile = turnstile(clock, max_connections_per_address=3, unlimited_addresses="203.0.113.0/24")
    assert let_in(stile, NAT, 10) == 10
    assert let_in(stile, "127.0.0.1", 10) == 3
    assert let_in(turnstile(clock, max_connections_per_address=3, unlimited_addresses="none"), "127.0.0.1", 10) == 3


def test_one_address_may_ask_for_so_much_history(clock: Clock) -> None:
    stile = turnstile(clock, max_resume_events=1000, max_resumed_events_per_second=10)
    first, second, other = [come(stile, peer) for peer in (NAT, NAT, "203.0.113.8")]
    assert isinstance(first, Visit)
    assert isinstance(second, Visit)
    assert isinstance(other, Visit)
    assert stile.replay(first, 990) is Replay.NOW
    assert stile.replay(second, 20) is Replay.LATER
    assert stile.replay(second, 0) is Replay.NOW
    assert stile.replay(other, 1000) is Replay.NOW
    clock.now += 1
    assert stile.replay(second, 20) is Replay.NOW
    assert stile.reached[Limit.RESUME_RATE] == 1
    assert stile.replay(second, 101) is Replay.NEVER, "that has room after 10.1 seconds"
    assert stile.replay(second, 90) is Replay.LATER
    assert stile.replay(first, 1) is Replay.NEVER, "who is put off fills the next ten seconds"
    assert stile.reached[Limit.RESUME_RATE] == 4


@pytest.mark.parametrize(
    ("clients", "missed"), [(6, 900_000), (40, 180_000), (900, 50_000), (900, 5_000), (900, 1_200)]
)
def test_everybody_behind_one_address_is_back_soon_however_much_was_missed(
    clock: Clock, clients: int, missed: int
) -> None:
    """They come again each second, of the same address, and each has what it missed, or is told to reload."""
    stile = turnstile(clock)
    out: list[Visit] = [stile.arrive(NAT, ROOMY) for _ in range(clients)]
    charged = 0
    for _ in range(20):
        answers = [(visit, stile.replay(visit, missed)) for visit in out]
        charged += missed * sum(answer is Replay.NOW for _, answer in answers)
        out = [visit for visit, answer in answers if answer is Replay.LATER]
        clock.now += 1
    assert not out
    assert charged > 0.8 * min(1_000_000, clients * missed), "nobody is charged for what it did not get"


def test_whoever_comes_from_everywhere_takes_no_memory(clock: Clock) -> None:
    stile = turnstile(clock)
    for number in range(2 * MAX_SITES):
        visit = come(stile, f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1")
        assert isinstance(visit, Visit)
        assert stile.replay(visit, 1) is Replay.NOW
        stile.leave(visit)
    assert (len(stile._connects), len(stile._resumes), len(stile._here), stile.inside) == (MAX_SITES, MAX_SITES, 0, 0)


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    with capture_logs() as found:
        yield found


def test_every_time_is_counted_and_a_line_a_second_of_each_limit_is_put_on_record(
    clock: Clock, lines: list[Any]
) -> None:
    stile = turnstile(clock, max_connections_per_address=1)
    let_in(stile, NAT, 101)
    stile.note(Limit.BYTES, NAT)
    clock.now += 1
    let_in(stile, NAT, 1)
    assert stile.reached[Limit.ADDRESS_CONNECTIONS] == 101
    assert set(stile.reached) == set(Limit), "those never reached are 0, not missing"
    record = [(line["remote"], line["what"], line["why"], line.get("left_out")) for line in lines]
    assert LIMIT_LINES == 1
    assert record == [
        (NAT, "limit", "address_connections", None),
        (NAT, "limit", "bytes", None),
        (NAT, "limit", "address_connections", "99"),
    ]
