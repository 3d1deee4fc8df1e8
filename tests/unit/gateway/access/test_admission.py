"""The door: who is asked, who gets in, who is thrown out."""

from __future__ import annotations

import pytest

from services.gateway.access.admission import KEY_HOLDER, UNNAMED, Admission, Door, Entrance
from services.gateway.access.denials import REASONS, Denial, Why
from services.gateway.access.expiries import Expiries
from services.gateway.access.revocations import Revocations
from services.gateway.access.tokens import TokenCheck
from shared.access.client_key import ClientKey
from shared.close_codes import CloseCode
from tests.unit.gateway.access.issuing import KEYS, NOW, RULES, signed

KEY = "k" * 32
KEYED = Door(ClientKey(KEY))
TOKENS = Door(ClientKey(KEY), tokens=TokenCheck(RULES, KEYS["RS256"][2]))


def why(door: Door, presented: str | None) -> Why | None:
    try:
        door.admit(presented, NOW)
    except Denial as denial:
        return denial.why
    return None


def test_where_nothing_is_configured_everybody_is_let_in_whatever_he_says() -> None:
    assert not Door().asks
    assert Door().admit(None, NOW) is Door().admit("anything", NOW) is UNNAMED


def test_the_key() -> None:
    assert KEYED.asks
    assert KEYED.admit(KEY, NOW) is KEY_HOLDER
    assert why(KEYED, None) is Why.NO_TOKEN
    assert why(KEYED, "") is Why.WRONG_KEY
    assert why(KEYED, KEY + "k") is Why.WRONG_KEY
    assert why(KEYED, KEY[:-1]) is Why.WRONG_KEY


def test_anonymous_is_who_presents_nothing_and_not_who_presents_something_wrong() -> None:
    door = Door(ClientKey(KEY), allow_anonymous=True)
    assert not door.asks
    assert why(door, None) is None
    assert why(door, "wrong") is Why.WRONG_KEY


def test_a_token_beside_the_key() -> None:
    assert TOKENS.admit(KEY, NOW) is KEY_HOLDER
    assert TOKENS.admit(signed("RS256"), NOW) == Admission("amine", "t1", NOW - 60, NOW + 60, NOW + 70, Entrance.TOKEN)
    assert why(TOKENS, "wrong") is Why.MALFORMED
    assert why(TOKENS, None) is Why.NO_TOKEN


def test_a_fresh_token_is_the_same_users() -> None:
    present = TOKENS.admit(signed("RS256"), NOW)
    assert TOKENS.renew(present, signed("RS256", exp=NOW + 600), NOW).expires_at == NOW + 600
    with pytest.raises(Denial) as caught:
        TOKENS.renew(present, signed("RS256", sub="somebody else"), NOW)
    assert caught.value.why is Why.OTHER_USER
    with pytest.raises(Denial):
        TOKENS.renew(present, KEY, NOW)


@pytest.mark.parametrize(
    ("revocations", "expected"),
    [
        (Revocations(), None),
        (Revocations(token_ids=frozenset({"t1"})), Why.REVOKED),
        (Revocations(token_ids=frozenset({"t2"})), None),
        (Revocations({"amine": NOW}), Why.REVOKED),
        (Revocations({"amine": NOW - 60}), Why.REVOKED),
        (Revocations({"amine": NOW - 70}), Why.REVOKED),  # clocks may differ by the leeway
        (Revocations({"amine": NOW - 70.5}), None),
        (Revocations({"somebody else": NOW}), None),
    ],
)
def test_revocations(revocations: Revocations, expected: Why | None) -> None:
    door = Door(ClientKey(KEY), tokens=TokenCheck(RULES, KEYS["RS256"][2]))
    admission = door.admit(signed("RS256"), NOW)
    door.revocations = revocations
    assert why(door, signed("RS256")) is expected
    assert door.has_revoked(admission) is (expected is not None)
    assert not door.has_revoked(UNNAMED)


def test_tokens_wait_until_it_is_known_which_are_revoked_and_keys_do_not() -> None:
    door = Door(ClientKey(KEY), tokens=TokenCheck(RULES, KEYS["RS256"][2]), awaits_revocations=True)
    assert why(door, signed("RS256")) is Why.REVOCATIONS_UNREAD
    assert why(door, signed("RS256", exp=NOW - 600)) is Why.EXPIRED
    assert why(door, KEY) is None


def test_a_token_without_a_date_is_an_old_one() -> None:
    door = Door(tokens=TokenCheck(RULES, KEYS["RS256"][2]), revocations=Revocations({"amine": 1.0}))
    assert why(door, signed("RS256", iat=None)) is Why.REVOKED


def test_the_end_comes_after_a_warning() -> None:
    expiries = Expiries()
    expiries.watch("c1", Admission("amine", expires_at=NOW + 100, ends_at=NOW + 110))
    expiries.watch("c2", UNNAMED)
    assert expiries.to_warn(NOW + 39.9) == []
    assert expiries.to_warn(NOW + 40) == [("c1", NOW + 100)]
    assert expiries.to_warn(NOW + 41) == []
    assert expiries.over(NOW + 109.9) == []
    assert expiries.over(NOW + 110) == ["c1"]
    expiries.forget("c1")
    assert expiries.over(NOW + 999) == []


def test_a_fresh_token_puts_the_end_off_and_is_warned_of_again() -> None:
    expiries = Expiries()
    expiries.watch("c1", Admission("amine", expires_at=NOW, ends_at=NOW))
    assert expiries.to_warn(NOW) == [("c1", NOW)]
    expiries.watch("c1", Admission("amine", expires_at=NOW + 100, ends_at=NOW + 100))
    assert expiries.over(NOW + 99) == []
    assert expiries.to_warn(NOW + 40) == [("c1", NOW + 100)]


def test_every_reason_has_a_sentence_and_a_code_that_says_what_to_do() -> None:
    assert set(REASONS) == set(Why)
    codes = {why: Denial(why).code for why in Why}
    assert codes.pop(Why.EXPIRED) is CloseCode.TOKEN_EXPIRED
    assert codes.pop(Why.KEYS_UNREAD) is CloseCode.TOO_MANY_CONNECTIONS
    assert codes.pop(Why.REVOCATIONS_UNREAD) is CloseCode.TOO_MANY_CONNECTIONS
    assert codes.pop(Why.ORIGIN) is CloseCode.FORBIDDEN_ORIGIN
    assert set(codes.values()) == {CloseCode.UNAUTHORIZED}
