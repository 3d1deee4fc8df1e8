"""The policy file: what it says, and every sentence about one that is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.gateway.conditions import Condition
from services.gateway.rights.opening import read_policy, tell_misfits
from services.gateway.rights.policy import FromClaim, Role, TableRule
from services.gateway.rights.policy_file import parse
from services.gateway.rights.views import Lens
from shared.catalog import Catalog, Table
from shared.errors import ConfigurationError

WHOLE = """
[who]
claim = "realm_access.roles"
key = "operator"
anonymous = "board"
token = "board"

[roles.operator]
broadcast = true
clients = true
tables."*" = {}
tables.salaries = false

[roles.cashier]
channels = ["booking_events"]

[roles.cashier.tables.bookings]
where = { station_id = { eq = "claims.station_id" }, seats = { gte = 1 } }
hide = ["verification_code"]
mask = { amount = "***" }
metadata_only = true
business_events = false

[roles.board]
"""


def test_a_whole_file() -> None:
    policy = parse(WHOLE)
    assert list(policy.roles) == ["operator", "cashier", "board"]
    assert (policy.claim, policy.by_key) == ("realm_access.roles", "operator")
    assert (policy.by_nothing, policy.by_token) == ("board", "board")
    operator = policy.roles["operator"]
    assert operator == Role({"*": TableRule(), "salaries": None}, None, broadcast=True, clients=True)
    where = (FromClaim("station_id", "eq", "station_id"), Condition("seats", "gte", "number", 1))
    lens = Lens(frozenset({"verification_code"}), frozenset({("amount", "***")}), True, False)
    assert policy.roles["cashier"] == Role({"bookings": TableRule(where, lens)}, frozenset({"booking_events"}))
    assert policy.roles["board"] == Role()


RULE = "[roles.r.tables.t]\n"

WRONG = {
    "nothing": ("", "roles: expected a table, got none; correct it"),
    "no TOML": ("[roles", "expected TOML, but expected ']' at the end of a table declaration (at end of document)"),
    "no TOML, by line": ("[roles.r]\nbroadcast = yes", "(at line 2, column 13)"),
    "a number without end": ("x = 1" + "0" * 5000, "expected TOML, but exceeds the limit"),
    "a list without end": ("x = " + "[" * 5000, "expected TOML, but maximum recursion depth"),
    "given twice": ("[roles.r]\n[roles.r]", "(at line 2, column 9)"),
    "no role": ("roles = {}", "roles: expected at least one role ([roles.NAME]), got none"),
    "an unknown part": ("[rolls.r]", "the file: expected who, roles, got 'rolls'"),
    "an unknown way in": ("[who]\nkeys = 'r'\n[roles.r]", "who: expected claim, key, anonymous, token, got 'keys'"),
    "an unknown role": ("[who]\nkey = 'x'\n[roles.r]", "who.key: expected a role of this file (r), got 'x'"),
    "a role that is no name": ("[who]\nkey = 1\n[roles.r]", "who.key: expected a role of this file (r), got 1"),
    "a claim that is no name": ("[who]\nclaim = ''\n[roles.r]", "who.claim: expected a text, got ''"),
    "a role that is no table": ("[roles]\nr = 1", "roles.r: expected a table, got 1"),
    "a misspelt option": (
        "[roles.r]\nbrodcast = true",
        "roles.r: expected channels, tables, broadcast, clients, got 'brodcast'",
    ),
    "a flag that is a text": ("[roles.r]\nclients = 'yes'", "roles.r.clients: expected true or false, got 'yes'"),
    "channels that are a text": ("[roles.r]\nchannels = 'c'", "roles.r.channels: expected a list of names, got 'c'"),
    "a channel that is a number": ("[roles.r]\nchannels = [1]", "roles.r.channels: expected a text, got 1"),
    "tables that are a list": ("[roles.r]\ntables = ['t']", "roles.r.tables: expected a table, got ['t']"),
    "a rule that is true": (
        "[roles.r]\ntables.t = true",
        "roles.r.tables.t: expected a table of rules, or false for a table that is not seen, got True",
    ),
    "a misspelt rule": (
        RULE + "hides = ['c']",
        "roles.r.tables.t: expected where, hide, mask, metadata_only, business_events, got 'hides'",
    ),
    "a schema that is not quoted": (
        "[roles.r.tables.audit.entries]",
        (
            "roles.r.tables.audit: expected where, hide, mask, metadata_only, business_events, got 'entries'; "
            "a table's name that holds a dot is quoted"
        ),
    ),
    "hidden columns that are a text": (RULE + "hide = 'c'", "roles.r.tables.t.hide: expected a list of names, got 'c'"),
    "a mask that is a list": (
        RULE + "mask = ['c']",
        "roles.r.tables.t.mask: expected columns with the text that stands for their values, got ['c']",
    ),
    "a mask that is a number": (RULE + "mask = { c = 0 }", "roles.r.tables.t.mask.c: expected a text, got 0"),
    "hidden and masked": (
        RULE + "hide = ['c']\nmask = { c = '*' }",
        "roles.r.tables.t.mask.c: expected a column that is not hidden as well, got 'c'",
    ),
    "metadata by word": (RULE + "metadata_only = 1", "roles.r.tables.t.metadata_only: expected true or false, got 1"),
    "business events by word": (
        RULE + "business_events = 'no'",
        "roles.r.tables.t.business_events: expected true or false, got 'no'",
    ),
    "a where that is a text": (
        RULE + "where = 'c = 1'",
        "roles.r.tables.t.where: expected columns with conditions, as in { station_id = { eq = \"S1\" } }, got 'c = 1'",
    ),
    "a condition without operator": (
        RULE + "where = { c = 'S1' }",
        "roles.r.tables.t.where.c: expected operators with values, as in { eq = \"S1\" }, got 'S1'",
    ),
    "an empty condition": (
        RULE + "where = { c = {} }",
        "roles.r.tables.t.where.c: expected an operator of eq, neq, in, lt, lte, gt, gte, is_null, got none",
    ),
    "an unknown operator": (
        RULE + "where = { c = { like = 'S%' } }",
        (
            "roles.r.tables.t.where.c.like: expected an operator of eq, neq, in, lt, lte, gt, gte, is_null on column "
            'c, got "like"'
        ),
    ),
    "a value that does not fit": (
        RULE + "where = { c = { lt = true } }",
        "roles.r.tables.t.where.c.lt: lt on column c expects a number or a string, got true",
    ),
    "a date": (
        RULE + "where = { c = { eq = 2026-01-01 } }",
        "roles.r.tables.t.where.c.eq: eq on column c expects a boolean or a number or a string",
    ),
    "an empty list": (
        RULE + "where = { c = { in = [] } }",
        "roles.r.tables.t.where.c.in: in on column c expects a list",
    ),
    "a claim without name": (
        RULE + "where = { c = { eq = 'claims.' } }",
        "roles.r.tables.t.where.c.eq: expected the name of a claim after claims., got 'claims.'",
    ),
    "is_null by claim": (
        RULE + "where = { c = { is_null = 'claims.x' } }",
        "roles.r.tables.t.where.c.is_null: is_null on column c expects a boolean",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_a_sentence(name: str) -> None:
    text, sentence = WRONG[name]
    with pytest.raises(ConfigurationError) as raised:
        parse(text)
    assert sentence in str(raised.value)
    assert str(raised.value).endswith("; correct it")


def test_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    with pytest.raises(ConfigurationError, match=f"WASLA_POLICY: {path} cannot be read .No such file or directory."):
        read_policy(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match=f"WASLA_POLICY: {path}: expected UTF-8, byte 0 is not; correct it"):
        read_policy(path)
    path.write_text("[roles]")
    with pytest.raises(ConfigurationError, match=f"WASLA_POLICY: {path}: roles: expected at least one role"):
        read_policy(path)
    path.write_text("#" * 1024 * 1024 + "\n")
    with pytest.raises(ConfigurationError, match="expected at most 1048576 bytes"):
        read_policy(path)
    assert read_policy(None) is None


def test_the_manual_shows_a_policy_that_is_one() -> None:
    manual = Path(__file__).resolve().parents[4] / "docs" / "security.md"
    (shown,) = re.findall(r"```toml\n(.*?)```", manual.read_text(encoding="utf-8"), re.DOTALL)
    policy = parse(shown)
    assert list(policy.roles) == ["operator", "cashier", "board"]
    assert (policy.by_key, policy.by_nothing, policy.by_token) == ("operator", "board", "board")


def test_names_that_nothing_watched_has_are_logged() -> None:
    catalog = Catalog({"t": Table("c", {"id": "number"})})
    with capture_logs() as lines:
        tell_misfits(parse("[roles.r.tables.t]\nhide = ['di']"), catalog)
        tell_misfits(parse("[roles.r.tables.t]\nhide = ['id']"), catalog)
        tell_misfits(parse("[roles.r.tables.t]\nhide = ['di']"), None)
        tell_misfits(None, catalog)
    assert [(line["log_level"], line["reason"]) for line in lines] == [
        ("error", "roles.r.tables.t.hide: expected a column of t (id), got di; correct it")
    ]
