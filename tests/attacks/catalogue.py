"""Every attack: what is done, by which door, and which ends it may have. What else it might come to is a defect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from tests.attacks import bus, floods, identities, names, pages, slow, strange_requests, strangers
from tests.attacks.target import Target

REFUSED = {"refused", "408", "429", "503", "4000", "4002", "hung up"}
"""How anybody may be turned away who comes too often, or whom a busy machine held for too long."""

HTTP = {"200", "400", "403", "404", "405", "408", "411", "413", "414", "415", "421", "426", "431", "501", "505"}


@dataclass(frozen=True, slots=True)
class Attack:
    """One of them; the function's first line says what it does. ``door`` is where its honest clients are."""

    carry_out: Callable[[Target], Awaitable[Counter[str]]]
    ends: frozenset[str]
    door: Literal["plain", "tls"] = "plain"

    @property
    def name(self) -> str:
        """What it is called."""
        return self.carry_out.__name__.replace("_", " ")

    @property
    def about(self) -> str:
        """What is done, in a sentence."""
        return (self.carry_out.__doc__ or "").partition("\n")[0]


def _attack(
    carry_out: Callable[[Target], Awaitable[Counter[str]]], *ends: str, door: Literal["plain", "tls"] = "plain"
) -> Attack:
    return Attack(carry_out, frozenset(ends), door)


_ALL = (
    _attack(strange_requests.oversized_requests, "no answer", *HTTP),
    _attack(strange_requests.ambiguous_requests, "no answer", *HTTP),
    _attack(strange_requests.ambiguous_handshakes, "101", "no answer", *HTTP),
    _attack(strange_requests.odd_requests, "no answer", *HTTP),
    _attack(strange_requests.paths_that_lead_out, "400", "403", "404"),
    _attack(slow.slow_handshakes, *REFUSED),
    _attack(slow.slow_frames, *REFUSED),
    _attack(slow.slow_requests, "still waited for", *REFUSED),
    _attack(floods.deaf_clients, "let in", "not read from any more", *REFUSED),
    _attack(floods.ping_flood, "4503", *REFUSED),
    _attack(floods.message_flood, "4503", *REFUSED),
    _attack(floods.subscription_flood, "4503", *REFUSED),
    _attack(floods.greedy_subscribers, "registered", *REFUSED),
    _attack(floods.broadcasters, "registered", *REFUSED),
    _attack(floods.compression_bomb, "1002", "1009", *REFUSED),
    _attack(floods.giant_frames, "1009", *REFUSED),
    _attack(strangers.connect_storm, "left", *REFUSED),
    _attack(strangers.registration_storm, "left", *REFUSED),
    _attack(strangers.half_open_tls, "begun and left", *REFUSED, door="tls"),
    _attack(strangers.tls_all_at_once, "answered", *REFUSED, door="tls"),
    _attack(strangers.tls_handshake_storm, "answered", *REFUSED, door="tls"),
    _attack(strangers.nonsense_for_tls, "waited for", *REFUSED, door="tls"),
    _attack(identities.forged_tokens, "4501", "4003", *REFUSED),
    _attack(
        names.sql_in_messages,
        *("unknown_table", "unknown_channel", "unknown_event", "unknown_column", "unknown_operator", "invalid_data"),
        *("unknown_subscription", "unauthorized", "taken as a value", "database unharmed"),
        *("nothing", *REFUSED),
    ),
    _attack(names.sql_at_the_desk, "400", "404", "409", "database unharmed"),
    _attack(bus.forged_bus_messages, "strangers hear nothing", "nonsense"),
    _attack(bus.false_heartbeats, "sent"),
    _attack(pages.pages_of_another_site, "4502", "1006", "unread", "TypeError", "nothing was sold"),
    _attack(pages.markup_in_rows_and_names, "shown as text"),
)
ATTACKS = {attack.name: attack for attack in _ALL}
