"""What a stream may be asked for, and the subscription that this becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict

from wasla_client import messages
from wasla_client.matching import OPERATORS


class Parts(TypedDict, total=False):
    """The parts of a subscription: an event matches when each part given does; none: everything.

    ``table`` and ``channel`` are for one name. ``events`` names event types and business events. ``where`` is
    ``{column: {operator: value}}``, all of them true. ``id`` names the stream where it is spoken of.
    """

    table: str
    tables: Sequence[str]
    channel: str
    channels: Sequence[str]
    events: Sequence[str]
    where: Mapping[str, Mapping[str, Any]]
    id: str


KNOWN: Final = frozenset(Parts.__annotations__)


def wanted(parts: Parts) -> dict[str, Any]:
    """Return the data of ``subscribe``; raise ValueError or TypeError for what can be seen to be wrong here."""
    _check(parts)
    where = {column: _conditions(column, tests) for column, tests in parts.get("where", {}).items()}
    lists: dict[str, object] = {
        "tables": [*([parts["table"]] if "table" in parts else []), *parts.get("tables", ())],
        "channels": [*([parts["channel"]] if "channel" in parts else []), *parts.get("channels", ())],
        "events": list(parts.get("events", ())),
        "where": where,
    }
    subscription = {"id": parts["id"], **{name: part for name, part in lists.items() if part}}
    messages.encode("subscribe", subscription, 0.0)
    return subscription


def _check(parts: Mapping[str, object]) -> None:
    unknown = sorted(set(parts) - KNOWN)
    if unknown:
        raise TypeError(f"Expected {', '.join(sorted(KNOWN))}, got {', '.join(unknown)}.")
    for name in ("tables", "channels", "events"):
        if isinstance(parts.get(name), str):
            raise TypeError(f"Expected {name} to be a list of names, got {parts[name]!r}.")


def _conditions(column: str, tests: object) -> dict[str, Any]:
    if not isinstance(tests, Mapping) or not tests or not set(tests) <= OPERATORS:
        known = ", ".join(sorted(OPERATORS))
        raise ValueError(f'Expected where={{"{column}": {{operator: value}}}} with one of {known}, got {tests!r}.')
    return dict(tests)
