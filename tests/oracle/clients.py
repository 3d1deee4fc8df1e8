"""Clients of the oracle: the reference client, what it saw in a form that can be kept, and the rows it shows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import asyncpg
import msgspec

from tests.oracle.interests import Subscription, random_interest, random_subscription
from tests.oracle.judge_stream import Seen
from tests.oracle.mirror import Mirror
from tests.oracle.notes import State, digest_of_event
from tests.oracle.reference import Message, Note, Pace, ReferenceClient
from tests.oracle.tables import KEYS, key_of
from tests.oracle.writers import LOST_LINK

PACE = Pace(first=0.1, cap=1.0, opening=2.0, silence=3.0, answer=1.5)

_decode = msgspec.json.Decoder(Message).decode


class Loader:
    """Reads the tables for whoever asks; who asks while it reads is served by the next look."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._asked: list[tuple[Mirror, int]] = []
        self._wake = asyncio.Event()

    def ask(self, mirror: Mirror, interest: Sequence[Subscription]) -> None:
        """Load *mirror* anew."""
        self._asked.append((mirror, mirror.reload(interest)))
        self._wake.set()

    async def run(self) -> None:
        """Serve for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            asked, self._asked = self._asked, []
            tables = await self._look()
            for mirror, load in asked:
                mirror.loaded(load, tables)

    async def _look(self) -> State:
        while True:
            try:
                connection = await asyncpg.connect(self._url, timeout=5.0)
                try:
                    return await read_tables(connection)
                finally:
                    connection.terminate()
            except (*LOST_LINK, asyncpg.PostgresError):
                await asyncio.sleep(0.1)


async def read_tables(connection: asyncpg.Connection) -> State:
    """Return every row of every table, as one moment holds them."""
    state: State = {}
    async with connection.transaction(isolation="repeatable_read"):
        for table in KEYS:
            rows = [_decode(row[0]) for row in await connection.fetch(f"SELECT to_jsonb(t)::text FROM {table} t")]
            state[table] = {key_of(table, row): row for row in rows}
    return state


class OracleClient:
    """One client: ``seen`` are its notes since they were last taken."""

    def __init__(self, name: str, addresses: Sequence[str], rng: random.Random, loader: Loader) -> None:
        self.name = name
        self.seen: list[Seen] = []
        self.mirror = Mirror()
        self.registered_at: list[float] = []
        self._loader = loader
        self._rng = rng
        self._extra = 0
        self._is_asking = False
        self._interest: list[Subscription] = []
        shuffled = list(addresses)
        rng.shuffle(shuffled)
        self.link = ReferenceClient(
            shuffled, app_name=name, subscribe=random_interest(rng), pace=PACE, rng=rng, observe=self._observe
        )

    @property
    def interest(self) -> list[Subscription]:
        """What it asks for at present."""
        return self._interest

    async def change(self) -> None:
        """Ask for more, or for something else under a name it has; a client that asks for everything goes on so."""
        if self.link.subscriptions and not self._is_asking:
            self._is_asking = True
            self._extra += 1
            name = f"x{self._extra % 3}"
            await self.link.subscribe(random_subscription(self._rng, name))

    def take(self) -> list[Seen]:
        """Return what was seen since the last call."""
        seen, self.seen = self.seen, []
        return seen

    def _observe(self, note: Note) -> None:
        data = note.data
        if note.kind == "realtime_event":
            self.seen.append(Seen(note.at, note.kind, data["seq"], digest_of_event(data), {}))
            self.mirror.apply(data)
            return
        self.seen.append(Seen(note.at, note.kind, data.get("seq", 0), 0, data))
        match note.kind:
            case "registering":
                self._is_asking = False
                self._interest = list(data.get("subscribe", ()))
                if not self.mirror.loads or self._interest != self.mirror.interest:
                    self._loader.ask(self.mirror, self._interest)
            case "registered":
                self.registered_at.append(note.at)
                if len(self.registered_at) == 1:  # what the rows are loaded for is the position it was just told
                    self._loader.ask(self.mirror, self._interest)
            case "subscribed":
                self._is_asking = False
                added = self.link.subscriptions[data["id"]]
                self._interest = [item for item in self._interest if item["id"] != data["id"]] + [added]
                self._loader.ask(self.mirror, self._interest)
            case "resync":
                self._loader.ask(self.mirror, self._interest)
