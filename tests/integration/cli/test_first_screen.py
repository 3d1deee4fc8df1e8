"""What ./run says before it becomes supervisord: addresses that work, and what another terminal has to know."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PYTHON = """#!/bin/sh
[ "$1" = -m ] && exit 0
exec {python} "$@"
"""
"""Stands for the installed environment: its programs have nothing to say, and everything else is Python."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory in which everything is installed."""
    place = tmp_path / "project"
    (place / ".venv" / "bin").mkdir(parents=True)
    for name in ("run", "requirements.lock", "pyproject.toml", "supervisord.conf"):
        shutil.copy(ROOT / name, place)
    python = place / ".venv" / "bin" / "python"
    python.write_text(PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    made_of = [place / "requirements.lock", place / "pyproject.toml"]
    stamp = f"{place.resolve()}\n" + "".join(part.read_text(encoding="utf-8") for part in made_of)
    (place / ".venv" / "installed-requirements.lock").write_text(stamp, encoding="utf-8")
    return place


def first_screen(project: Path, **variables: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WASLA_")}
    ended = subprocess.run(
        [project / "run"], env={**inherited, **variables}, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_without_any_setting_postgresql_is_among_what_starts(project: Path) -> None:
    said = first_screen(project)
    assert "Wasla real-time: PostgreSQL, pg-listener, 2 gateways and the monitor start now; Ctrl-C" in said
    assert "ws://127.0.0.1:8765\n" in said
    assert "status page         http://127.0.0.1:8766\n" in said
    assert "export" not in said


def test_with_tls_the_addresses_say_so_and_the_other_terminal_gets_the_certificate(project: Path) -> None:
    said = first_screen(project, WASLA_TLS_CERT="/etc/wasla/server.crt", WASLA_TLS_KEY="/etc/wasla/server.key")
    assert "wss://127.0.0.1:8765\n" in said
    assert "https://127.0.0.1:8766\n" in said
    assert "ws://" not in said.replace("wss://", "")
    assert "http://" not in said
    exported = "  export WASLA_TLS_CERT=/etc/wasla/server.crt\n  export WASLA_TLS_KEY=/etc/wasla/server.key\n"
    assert f"{exported}  wasla tail" in said


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
def test_every_address_is_no_address_to_connect_to(project: Path, wildcard: str) -> None:
    said = first_screen(project, WASLA_HOST=wildcard, WASLA_STATUS_HOST=wildcard, WASLA_CLIENT_KEY="k" * 40)
    addresses = said[: said.index("In another terminal")]
    assert wildcard not in addresses
    assert "ws://:" not in addresses
    assert ":8765, with the key in WASLA_CLIENT_KEY\n" in addresses
    assert "kkkk" not in said


def test_a_name_that_is_given_is_the_one_that_is_said(project: Path) -> None:
    (project / ".wasla").mkdir()
    (project / ".wasla" / "client.key").touch()
    said = first_screen(project, WASLA_HOST="0.0.0.0", WASLA_ALLOWED_HOSTS="wasla.station,other")
    assert "ws://wasla.station:8765, with the key in .wasla/client.key\n" in said


def test_a_database_of_ones_own_is_named_to_the_other_terminal_without_its_password(project: Path) -> None:
    said = first_screen(project, WASLA_DATABASE_URL="postgresql://u:hunter2@db/d")
    assert "Wasla real-time: pg-listener, 2 gateways and the monitor start now on your database;" in said
    assert "  . .venv/bin/activate\n  export WASLA_DATABASE_URL=...    # as in this terminal\n  wasla tail\n" in said
    assert "hunter2" not in said


def test_the_other_terminal_is_told_of_the_bus(project: Path) -> None:
    bus = {
        "WASLA_HEARTBEAT_ADDRESS": "tcp://127.0.0.1:9769",
        "WASLA_BUS": "tls://a:4222,tls://b:4222",
        "WASLA_BUS_CONNECT": "tcp://127.0.0.1:9767",
        "WASLA_BUS_BIND": "tcp://127.0.0.1:9767",
        "WASLA_BUS_KEY_FILE": "/etc/wasla/bus.key",
        "WASLA_BUS_CA": "/etc/wasla/authority.crt",
        "WASLA_BUS_CREDENTIALS": "/etc/wasla/gateway.nk",
        "WASLA_BUS_PREFIX": "south",
    }
    said = first_screen(project, **bus)
    assert "".join(f"  export {name}={value}\n" for name, value in bus.items()) + "  wasla tail\n" in said


def test_a_machine_of_gateways_only_starts_no_listener(project: Path) -> None:
    shutil.copy(ROOT / "docs" / "deploy" / "gateways.conf", project / "supervisord.conf")
    said = first_screen(project)
    assert "Wasla real-time: 2 gateways and the monitor start now; Ctrl-C ends them." in said
    assert "INSERT" not in said
    assert said.endswith("  wasla tail\n\n")
