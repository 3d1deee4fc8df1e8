"""From settings to a server that is ready to be started: the order of the steps."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from services.postgres import private_files, server
from services.postgres.account import Account, choose_account
from services.postgres.addresses import socket_url
from services.postgres.binaries import Binaries, find_binaries
from services.postgres.cluster import major_version, make_cluster
from services.postgres.complaints import sentence
from services.postgres.database import NAME, Passwords, bring_up_to_date
from services.postgres.layout import Layout, known_home, lay_out, socket_directory, state_directory
from services.postgres.lock import take_lock
from services.postgres.settings import PostgresSettings
from shared.errors import DatabaseRefused

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is left to do: run ``command`` as ``account``, with ``lock`` open; its address stands in ``url``."""

    command: list[str]
    account: Account
    data: Path
    url: Path
    version: str
    lock: int


async def prepare(settings: PostgresSettings) -> Prepared:
    """Bring the cluster, the database and the address up to date; when that is done the lock stays held.

    ConfigurationError and DatabaseRefused say what is in the way. Cancelled or killed at any point, it leaves what
    the next call continues from.
    """
    state = state_directory(settings.data_dir)
    account = choose_account(known_home(state) / "data", state.parent)
    layout = lay_out(state, account)
    lock = await take_lock(state / "lock", layout.data)
    try:
        return await _prepare(settings, layout, account, lock)
    except (OSError, asyncpg.PostgresError) as error:
        os.close(lock)
        raise DatabaseRefused(sentence("preparing the embedded server", str(error), layout.home)) from error
    except BaseException:
        os.close(lock)
        raise


async def _prepare(settings: PostgresSettings, layout: Layout, account: Account, lock: int) -> Prepared:
    server.check_port(settings.postgres_listen_addresses, settings.postgres_port)
    binaries = find_binaries(account, layout.binaries, major=major_version(layout.data))
    passwords = Passwords(
        superuser=private_files.password(layout.state / "superuser_password"),
        wasla=private_files.password(layout.state / "wasla_password"),
    )
    if not layout.data.exists():
        log.info("making a new cluster", version=binaries.version, data=str(layout.data))
        make_cluster(layout.data, binaries, account, password=passwords.superuser, lock=lock)
    sockets = socket_directory(layout, account)
    async with server.temporary_server(binaries, layout.data, account, socket_directory=sockets, lock=lock):
        await bring_up_to_date(sockets, passwords)
    port = settings.postgres_port
    url = socket_url(user=NAME, password=passwords.wasla, database=NAME, directory=sockets, port=port)
    private_files.write(layout.url, url)
    return Prepared(
        command=_command(settings, binaries, layout, sockets),
        account=account,
        data=layout.data,
        url=layout.url,
        version=binaries.version,
        lock=lock,
    )


def _command(settings: PostgresSettings, binaries: Binaries, layout: Layout, sockets: Path) -> list[str]:
    chosen = server.options(sockets, port=settings.postgres_port, listen_addresses=settings.postgres_listen_addresses)
    return server.command(binaries, layout.data, chosen)
