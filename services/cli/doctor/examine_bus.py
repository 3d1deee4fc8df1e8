"""Looks at the bus: are its NATS servers reached; is a key needed and there; who was refused. Blocks for seconds."""

from __future__ import annotations

import time
from collections import Counter

from services.cli.doctor.examine_nats import examine_nats
from services.cli.doctor.facts import BusFacts, NatsFacts
from services.cli.gateways import samples
from services.cli.monitor_page import fetch_metrics
from services.cli.places import in_place
from services.pg_listener.settings import ListenerSettings
from shared.bus.addresses import parse_address, parse_addresses
from shared.bus.choice import parse_choice
from shared.bus.handshakes import Turn
from shared.bus.keys import bus_key, key_file
from shared.errors import ConfigurationError, WaslaError

LATELY = 3.0
"""Seconds between two looks at a count that is not zero: who is refused tries again every second."""

KEY_REASONS = (Turn.OTHER_KEY.value, Turn.ONE_SIDED.value)
"""What the listener counts refusals by that a key is the reason of; a connection that broke says nothing of keys."""

REFUSED = "wasla_bus_refused"
REFUSALS = "wasla_bus_refusals_total"


def examine_bus(listener: ListenerSettings, monitor: str) -> BusFacts:
    """Return what is seen of the key, and what the monitor at *monitor* tells of refusals; nothing where it is not."""
    found = in_place(listener, "data_dir", "bus_key_file")
    try:
        choice = parse_choice(listener.bus)
    except ConfigurationError as error:
        return BusFacts(engines=("nats",), nats=NatsFacts(refusal=str(error)))
    nats = examine_nats(found, choice.servers, monitor) if choice.servers else None
    if not choice.zeromq:
        return BusFacts(engines=choice.names, nats=nats)
    has_key, failure = _key(found)
    refused, refusals = _refusals(monitor)
    return BusFacts(
        engines=choice.names,
        nats=nats,
        beyond=_beyond(listener),
        key_file=str(key_file(found)),
        has_key=has_key,
        failure=failure,
        refused=dict(refused),
        refused_lately=dict(_since(refused, monitor)) if refused else {},
        refusals=dict(refusals),
    )


def _key(settings: ListenerSettings) -> tuple[bool, str | None]:
    try:
        return bus_key(settings) is not None, None
    except ConfigurationError as error:
        return False, str(error)


def _beyond(listener: ListenerSettings) -> tuple[str, ...]:
    addresses = [*parse_addresses(listener.bus_connect)]
    if listener.bus_bind is not None:
        addresses.append(parse_address(listener.bus_bind))
    return tuple(dict.fromkeys(address.text for address in addresses if not address.local))


def _refusals(monitor: str) -> tuple[Counter[str], Counter[str]]:
    """Return the listener's refusals by reason, and the most that any gateway was refused by each line."""
    refused: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    try:
        for sample in samples(fetch_metrics(monitor), {REFUSED, REFUSALS}):
            if sample.name == REFUSED and sample.value and sample.labels.get("reason") in KEY_REASONS:
                refused[sample.labels["reason"]] += int(sample.value)
            elif sample.name == REFUSALS:
                line = sample.labels.get("line", "")
                refusals[line] = max(refusals[line], int(sample.value))
    except (WaslaError, ValueError):
        return Counter(), Counter()
    return refused, refusals


def _since(refused: Counter[str], monitor: str) -> Counter[str]:
    time.sleep(LATELY)
    return _refusals(monitor)[0] - refused
