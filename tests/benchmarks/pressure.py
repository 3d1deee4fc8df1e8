"""The same rates for everybody, up to where a server is busy all the time: what becomes of latency then?

Events come every 5 ms, as a listener hands on what there is. A server that writes each set by itself is at its end
where the sets come faster than it writes; one that joins what waits goes on. Who cannot keep up is as late as the
measurement is long.
"""

from __future__ import annotations

from tests.benchmarks.environment import environment
from tests.benchmarks.fanout import EVENT_BYTES
from tests.benchmarks.measuring import TICK, at_rate, bench
from tests.benchmarks.peers.all import FANOUT
from tests.benchmarks.peers.contract import Peer
from tests.benchmarks.results import Measure, Result
from tests.benchmarks.turns import Options, in_turns

RATES = (100, 200, 400, 800)


async def pressure(options: Options) -> Result:
    """1,000 clients, and four rates."""
    clients, facts = options.count(1000, 200), environment()
    late = {rate: Measure(title=f"{rate} events/s: latency, p50", unit="ms", logarithmic=True) for rate in RATES}
    latest = {rate: Measure(title=f"{rate} events/s: latency, p99", unit="ms", drawn=False) for rate in RATES}

    async def turn(peer: Peer) -> None:
        async with bench(peer, clients, EVENT_BYTES) as on:
            for rate in RATES:
                sample = await at_rate(on, rate, options.choose(3, 0.5))
                late[rate].add(peer.name, sample.p50)
                latest[rate].add(peer.name, sample.p99)

    outcome = await in_turns(options, "pressure", FANOUT, turn)
    return Result(
        name="pressure",
        title="Under pressure",
        about=f"{clients:,} clients, {EVENT_BYTES} B an event, in sets every {TICK * 1000:g} ms.",
        quick=options.quick,
        environment=facts,
        measures=[*late.values(), *latest.values()],
        skipped=outcome.skipped,
        failed=outcome.failed,
    )
