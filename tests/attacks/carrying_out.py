"""One attack, in a process of its own, while honest clients watch: what became of it, and what they noticed."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.attacks.catalogue import ATTACKS, Attack
from tests.attacks.ground import GATEWAY, Ground, memory
from tests.attacks.honest import honest_clients
from tests.attacks.target import Target

NICE = 10
"""Attackers are elsewhere in truth: here they take the processor's time last."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``before`` and ``during`` are seconds from asking for a sale until each client was told, shortest first.

    ``memory`` is what the gateway had before and after.
    """

    attack: Attack
    seconds: float
    ends: Counter[str]
    before: list[float]
    during: list[float]
    custom_events: list[str]
    memory: tuple[int, int]


@contextmanager
def attackers() -> Iterator[ProcessPoolExecutor]:
    """The process that attacks are carried out in."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=os.nice, initargs=(NICE,)) as pool:
        yield pool


def carry_out(name: str, target: Target) -> Counter[str]:
    """Carry out one attack; to be called in the attackers' process."""

    async def attack() -> Counter[str]:
        return await ATTACKS[name].carry_out(target)

    return asyncio.run(attack())


async def watched(ground: Ground, pool: ProcessPoolExecutor, attack: Attack, *, seconds: float, sales: int) -> Outcome:
    """Carry it out, and where it is short again, for *seconds* between honest clients that saw so many *sales* before.

    What they miss, get twice or out of order, and what ends one of them, is raised.
    """
    secure = attack.door == "tls"
    url = f"wss://127.0.0.1:{ground.tls_port}" if secure else ground.fleet.gateway_url
    pid = ground.pids()["gateway by TLS" if secure else GATEWAY]
    async with honest_clients(url, ground.fleet.database_url, ground.tls if secure else None) as counter:
        began, memory_before = time.monotonic(), memory(pid)
        await counter.sold(sales)
        attacked = time.monotonic()
        ends: Counter[str] = Counter()
        while (over := time.monotonic()) < attacked + seconds or not counter.delays(attacked, over):
            loop = asyncio.get_running_loop()
            ends += await loop.run_in_executor(pool, carry_out, attack.name, ground.target(seconds))
    return Outcome(
        attack,
        over - attacked,
        ends,
        counter.delays(began, attacked),
        counter.delays(attacked, over),
        [name for client in counter.clients for name in client.custom_events],
        (memory_before, memory(pid)),
    )
