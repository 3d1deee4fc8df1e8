"""``wasla keys``: one file, once, with what to do with it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from services.cli.exits import Exit
from shared.bus.keys import read_key
from tests.integration.cli.commands import wasla


async def test_the_key_lies_where_the_processes_look_for_it(tmp_path: Path) -> None:
    answer = await wasla("keys")
    path = tmp_path / "data" / "bus.key"
    assert answer.exit_code == Exit.OK
    assert read_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"scp -p {path} MACHINE:{path}" in answer.stdout


async def test_clients_have_a_key_of_their_own(tmp_path: Path) -> None:
    answer = await wasla("keys")
    path = tmp_path / "data" / "client.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"scp -p {path} MACHINE:{path}" in answer.stdout
    assert path.read_text().strip() not in answer.stdout + (await wasla("config")).stdout


async def test_each_key_is_made_and_replaced_by_itself(tmp_path: Path) -> None:
    bus, clients = tmp_path / "data" / "bus.key", tmp_path / "data" / "client.key"
    assert (await wasla("keys", "--only", "bus")).exit_code == Exit.OK
    former = bus.read_text()
    assert not clients.exists()
    assert (await wasla("keys")).exit_code == Exit.OK, "what is missing is made beside what is there"
    presented = clients.read_text()
    assert (await wasla("keys", "--only", "bus", "--replace")).exit_code == Exit.OK
    assert clients.read_text() == presented
    assert bus.read_text() != former
    answer = await wasla("keys", "--only", "clients")
    assert answer.exit_code == Exit.FAILED
    assert "wasla keys --only clients --replace" in answer.stderr


async def test_a_second_key_is_made_only_when_asked(tmp_path: Path) -> None:
    await wasla("keys")
    former = read_key(tmp_path / "data" / "bus.key")
    answer = await wasla("keys")
    assert answer.exit_code == Exit.FAILED
    assert "there is a key at" in answer.stderr
    assert "wasla keys --only bus --replace" in answer.stderr
    assert read_key(tmp_path / "data" / "bus.key") == former
    assert (await wasla("keys", "--replace")).exit_code == Exit.OK
    assert read_key(tmp_path / "data" / "bus.key") != former


async def test_other_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_BUS_KEY_FILE", "named.key")
    assert (await wasla("keys")).exit_code == Exit.OK
    assert read_key(tmp_path / "named.key")
    assert (await wasla("keys", "--file", str(tmp_path / "asked.key"))).exit_code == Exit.OK
    assert read_key(tmp_path / "asked.key") != read_key(tmp_path / "named.key")
    answer = await wasla("keys", "--file", str(tmp_path / "asked.key" / "in" / "bus.key"))
    assert answer.exit_code == Exit.FAILED
    assert "cannot be written" in answer.stderr


async def test_the_key_is_never_printed(tmp_path: Path) -> None:
    answer = await wasla("keys")
    secret = (tmp_path / "data" / "bus.key").read_text().split()[-1]
    assert secret not in answer.stdout + (await wasla("config")).stdout
