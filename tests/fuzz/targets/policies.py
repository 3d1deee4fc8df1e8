"""The policy file, and what follows from it for claims it did not think of."""

from __future__ import annotations

import json
from typing import Any, Final

from services.gateway.access.admission import Admission, Entrance
from services.gateway.rights.misfits import misfits
from services.gateway.rights.policy_file import parse
from shared.errors import ConfigurationError
from tests.fuzz import hostile, mutation
from tests.fuzz.chance import Chance
from tests.fuzz.gateway import CATALOG
from tests.fuzz.target import Input, Target, stateless

_VALID: Final = {
    "who": {"claim": "role", "key": "clerk", "anonymous": "guest", "token": "clerk"},
    "roles": {
        "clerk": {
            "channels": ["booking_events"],
            "broadcast": True,
            "clients": False,
            "tables": {
                "bookings": {
                    "where": {"destination_id": {"eq": "claims.station"}, "seats_booked": {"lt": 9, "in": [1, 2]}},
                    "hide": ["meta"],
                    "mask": {"id": "***"},
                    "metadata_only": False,
                    "business_events": True,
                },
                "vehicle_queue": False,
                "*": {"where": {"id": {"is_null": False}}},
            },
        },
        "guest": {"tables": {}},
    },
}
_CLAIMS: Final = {"role": "clerk", "station": "S1", "sub": "amine"}
_TOML_TEXTS: Final = (
    hostile.Text(b"1979-05-27T07:32:00Z"), hostile.Text(b"07:32:00"), hostile.Text(b"1979-05-27"),
    hostile.Text(b"inf"), hostile.Text(b"-nan"), hostile.Text(b"0xdeadbeef"), hostile.Text(b"1_000"),
    hostile.Text(b"'''a\nb'''"), hostile.Text(b"1__0"), hostile.Text(b"9" * 5000), hostile.Text(b'"\\ud800"'),
    hostile.Text(b'"\\U00110000"'), hostile.Text(b"[[[1]]]"), hostile.Text(b"{}"), hostile.Text(b"9" * 30),
    hostile.Text(b"[1,'a',%s]" % (b"9" * 30)), hostile.Text(b"[" * 2000 + b"]" * 2000),
)  # fmt: skip


def make(chance: Chance) -> Input:
    policy = mutation.tree(chance, _VALID, times=chance.of((0, 1, 1, 1, 2, 4)))
    if chance.happens(0.3):
        policy = _with(chance, policy, chance.of(_TOML_TEXTS))
    text = toml(policy)
    if not chance.strict and chance.happens(0.7):
        text = mutation.damaged(chance, text)
    return [text, mutation.written(chance, mutation.tree(chance, _CLAIMS))]


def _with(chance: Chance, value: Any, special: hostile.Text) -> Any:
    """Put what only TOML can say somewhere deep inside."""
    if not isinstance(value, dict | list) or not value or chance.happens(0.1):
        return special
    key = chance.of(list(value)) if isinstance(value, dict) else chance.below(len(value))
    value[key] = _with(chance, value[key], special)
    return value


def toml(policy: Any) -> bytes:
    """Write a tree down as TOML: tables within tables inline, so that their depth is the text's."""
    if not isinstance(policy, dict):
        return _inline(policy)
    return b"".join(_inline(str(key)) + b" = " + _inline(value) + b"\n" for key, value in policy.items())


def _inline(value: Any) -> bytes:
    if isinstance(value, hostile.Text):
        return value
    if isinstance(value, dict):
        return b"{" + b", ".join(_inline(str(key)) + b" = " + _inline(item) for key, item in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b", ".join(map(_inline, value)) + b"]"
    if isinstance(value, float):
        return repr(value).encode()
    return json.dumps("" if value is None else value).encode()


def _parse(given: Input) -> str:
    text, claims_text = given
    try:
        policy = parse(text.decode("utf-8", "surrogateescape"))
    except ConfigurationError:
        return "refused"
    said = list(misfits(policy, CATALOG))
    try:
        claims = json.loads(claims_text)
    except (ValueError, RecursionError):
        claims = {}
    for by in Entrance:
        hash(policy.rights(Admission(by=by, claims=claims if isinstance(claims, dict) else {})))
    return "a policy with misfits" if said else "a policy"


POLICIES: Final = Target(
    "policies", "policy files (TOML), and the rights that follow for hostile claims", make, stateless(_parse)
)
