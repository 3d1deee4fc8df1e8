"""Everything that is fuzzed, by name."""

from __future__ import annotations

from typing import Final

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    bus,
    bus_sockets,
    clients,
    command_line,
    compressed,
    conversations,
    forwarding,
    handshakes,
    heartbeats,
    listener,
    own_tools,
    policies,
    rows,
    sockets,
    subscriptions,
    tokens,
)

TARGETS: Final[tuple[Target, ...]] = (
    handshakes.HANDSHAKES,
    conversations.FRAMES,
    conversations.MESSAGES,
    compressed.COMPRESSED,
    sockets.SOCKETS,
    subscriptions.SUBSCRIPTIONS,
    rows.ROWS,
    tokens.TOKENS,
    tokens.KEY_SETS,
    policies.POLICIES,
    forwarding.HOSTS,
    forwarding.FORWARDED,
    bus.PUBLISHED,
    bus.REQUESTS,
    bus.REPLIES,
    bus_sockets.REQUESTS,
    listener.LISTENER,
    heartbeats.HEARTBEATS,
    command_line.FILTERS,
    own_tools.OWN_TOOLS,
    clients.PYTHON,
    clients.JAVASCRIPT,
)
BY_NAME: Final = {target.name: target for target in TARGETS}
