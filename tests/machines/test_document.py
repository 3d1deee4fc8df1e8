"""docs/failover.md, done command by command by somebody who has two machines, a database, and nothing of ours yet."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import asyncpg
import pytest

from tests.databases import fresh_database
from tests.machines.installation import RemoteServer, installations
from tests.machines.network import Network
from tests.machines.story import clients_at, story, writing
from tests.machines.test_power import well

pytestmark = pytest.mark.timeout(400)

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "failover.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL) for line in block.splitlines()]


def said(*words: str) -> list[str]:
    """Return a command's words after its name, which the document has to say."""
    command = " ".join(("wasla", *words))
    assert any(line.partition("#")[0].strip() == command for line in COMMANDS), f"not in docs/failover.md: {command}"
    return list(words)


def done(answer: subprocess.CompletedProcess[str]) -> None:
    assert answer.returncode == 0, answer.stdout + answer.stderr


async def test_two_machines_by_the_document(net: Network, remote_server: RemoteServer) -> None:
    net.heal()
    async with fresh_database(remote_server, "empty") as url:
        owner = await asyncpg.connect(url)
        await owner.execute("CREATE TABLE ticks (id integer PRIMARY KEY); CREATE TABLE orders (id integer PRIMARY KEY)")
        await owner.close()
        database = url.partition("@/")[2].partition("?")[0]
        with installations(net, remote_server.network_url(database), "a", "b", key=False) as made:
            a, b = made.values()
            exported = {name for line in COMMANDS for name in re.findall(r"^export (\w+)=", line)}
            assert exported == a.variables.keys() == b.variables.keys(), "three variables, and no more"
            for installation in (a, b):
                (installation.directory / ".wasla" / "client.key").unlink()
            done(a.wasla(*said("keys")))
            for name in ("bus.key", "client.key"):
                shutil.copy(a.directory / ".wasla" / name, b.directory / ".wasla")
            done(a.wasla(*said("setup", "--no-verify")))
            for installation in (a, b):
                installation.start()
            for installation in (a, b):
                installation.wait_until_ready()
            done(a.wasla(*said("watch", "orders")))
            done(a.wasla("watch", "ticks"))
            for installation in (a, b):
                for command in ("status", "doctor"):
                    said(command)
                    await asyncio.to_thread(installation.wait_for, f"{command} is content", well(installation, command))
            with net.machines["c"].entered():
                async with story(remote_server, database) as told, clients_at([a], [b]) as clients, writing(told):
                    await told.progress(clients)
                    await told.end(clients)
