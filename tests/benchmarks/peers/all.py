"""The limit, ours, and everybody beside: in the order of the figures."""

from __future__ import annotations

from tests.benchmarks.peers.contract import Peer
from tests.benchmarks.peers.limit import Limit
from tests.benchmarks.peers.nats import Nats
from tests.benchmarks.peers.nchan import Nchan
from tests.benchmarks.peers.ours import Gateway
from tests.benchmarks.peers.programs import BROADCAST, SOCKET_IO, UWEBSOCKETS, WS

LIMIT = Limit()
OURS = Gateway()
FANOUT: tuple[Peer, ...] = (LIMIT, OURS, UWEBSOCKETS, Nchan(), BROADCAST, WS, SOCKET_IO, Nats())
