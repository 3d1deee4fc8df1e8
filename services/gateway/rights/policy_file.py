"""From the text of a policy file to a :class:`Policy`, or one sentence that names the line or key. Pure.

docs/security.md shows the file. Every key is checked: one that is not known could be a restriction spelt wrongly.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.gateway.conditions import OPERATORS, Condition
from services.gateway.errors import Refusal
from services.gateway.rights.policy import CLAIMS, FromClaim, Policy, Role, TableRule
from services.gateway.rights.views import Lens
from services.gateway.subscribing import condition
from shared.errors import ConfigurationError

_FILE: Final = ("who", "roles")
_WHO: Final = ("claim", "key", "anonymous", "token")
_ROLE: Final = ("channels", "tables", "broadcast", "clients")
_TABLE: Final = ("where", "hide", "mask", "metadata_only", "business_events")


def parse(text: str) -> Policy:
    """Return the policy that *text* says; raise ConfigurationError."""
    try:
        file = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError, and so is a number too long
        raise ConfigurationError(f"expected TOML, but {_lowered(error)}; correct it") from None
    _only("the file", file, _FILE)
    roles = {name: _role(f"roles.{name}", role) for name, role in _table("roles", file.get("roles")).items()}
    if not roles:
        raise _wrong("roles", "at least one role ([roles.NAME])", "none")
    who = _table("who", file.get("who", {}))
    _only("who", who, _WHO)
    claim = _text("who.claim", who.get("claim", "role"))
    by_key, by_nothing, by_token = (_role_name(f"who.{key}", who.get(key), roles) for key in _WHO[1:])
    return Policy(roles, claim, by_key, by_nothing, by_token)


def _role_name(key: str, value: Any, roles: Mapping[str, Role]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in roles:
        raise _wrong(key, f"a role of this file ({', '.join(sorted(roles))})", value)
    return value


def _role(key: str, value: Any) -> Role:
    role = _table(key, value)
    _only(key, role, _ROLE)
    rules = {
        name: _rule(f"{key}.tables.{name}", rule)
        for name, rule in _table(f"{key}.tables", role.get("tables", {})).items()
    }
    channels = frozenset(_texts(f"{key}.channels", role["channels"])) if "channels" in role else None
    return Role(rules, channels, _flag(f"{key}.broadcast", role), _flag(f"{key}.clients", role))


def _rule(key: str, value: Any) -> TableRule | None:
    if value is False:
        return None
    rule = _table(key, value, "a table of rules, or false for a table that is not seen")
    _only(key, rule, _TABLE, "; a table's name that holds a dot is quoted")
    hidden = frozenset(_texts(f"{key}.hide", rule.get("hide", [])))
    masks = _table(f"{key}.mask", rule.get("mask", {}), "columns with the text that stands for their values")
    masked = {column: _text(f"{key}.mask.{column}", text) for column, text in masks.items()}
    for column in sorted(hidden & masked.keys()):
        raise _wrong(f"{key}.mask.{column}", "a column that is not hidden as well", column)
    lens = Lens(
        hidden,
        frozenset(masked.items()),
        _flag(f"{key}.metadata_only", rule),
        _flag(f"{key}.business_events", rule, default=True),
    )
    return TableRule(tuple(_conditions(f"{key}.where", rule.get("where", {}))), lens)


def _conditions(key: str, value: Any) -> Iterator[Condition | FromClaim]:
    for column, tests in _table(key, value, 'columns with conditions, as in { station_id = { eq = "S1" } }').items():
        place = f"{key}.{column}"
        if not _table(place, tests, 'operators with values, as in { eq = "S1" }'):
            raise _wrong(place, f"an operator of {', '.join(OPERATORS)}", "none")
        for operator, operand in tests.items():
            yield _condition(f"{place}.{operator}", column, operator, operand)


def _condition(key: str, column: str, operator: str, operand: Any) -> Condition | FromClaim:
    if operator in OPERATORS and operator != "is_null" and isinstance(operand, str) and operand.startswith(CLAIMS):
        path = operand.removeprefix(CLAIMS)
        if not all(path.split(".")):
            raise _wrong(key, "the name of a claim after claims.", operand)
        return FromClaim(column, operator, path)
    try:
        return condition(column, operator, operand, None)
    except Refusal as refusal:
        raise ConfigurationError(f"{key}: {refusal.reason}; correct it") from None


def _table(key: str, value: Any, expected: str = "a table") -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(key, expected, "none" if value is None else value)
    return value


def _only(key: str, table: Mapping[str, Any], known: tuple[str, ...], hint: str = "") -> None:
    for name in table:
        if name not in known:
            raise ConfigurationError(f"{key}: expected {', '.join(known)}, got {name!r}{hint}; correct it")


def _flag(key: str, table: Mapping[str, Any], *, default: bool = False) -> bool:
    value = table.get(key.rpartition(".")[2], default)
    if not isinstance(value, bool):
        raise _wrong(key, "true or false", value)
    return value


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(key, "a text", value)
    return value


def _texts(key: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise _wrong(key, "a list of names", value)
    return [_text(key, item) for item in value]


def _wrong(key: str, expected: str, got: Any) -> ConfigurationError:
    shown = "none" if got == "none" else repr(got)
    return ConfigurationError(f"{key}: expected {expected}, got {shown[:80]}; correct it")


def _lowered(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]
