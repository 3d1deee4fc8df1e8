"""The files that run the product on a server: systemd's unit, its variables, a machine of gateways only."""

from __future__ import annotations

import configparser
import re
import subprocess
from pathlib import Path

import pytest

from services.cli.settings_table import rows
from tests.deploy.rendering import DEPLOY, rendered, require

ROOT = DEPLOY.parents[1]
PROJECT = "/opt/wasla-realtime"
ELSEWHERE = {"program:postgres", "program:pg-listener"}


def unit() -> dict[str, str]:
    """Return the unit's settings, each of which stands there once."""
    lines = re.findall(r"^(\w+)=(.*)$", (DEPLOY / "wasla.service").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == len(dict(lines))
    return dict(lines)


def configuration(path: Path) -> configparser.RawConfigParser:
    """Return a configuration of supervisord."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser


def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    """What it does not understand it leaves out, and says so."""
    analyze = require("systemd-analyze", "systemd")
    path = tmp_path / "wasla.service"
    path.write_text(rendered(path.name, {f"ExecStart={PROJECT}/run": f"ExecStart={ROOT}/run"}), encoding="utf-8")
    answer = subprocess.run([analyze, "verify", "--man=no", path], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, "")


def test_systemd_waits_for_everybody_to_be_seen_off() -> None:
    """supervisord stops one priority after the other; systemd kills what is left after its own time."""
    conf = configuration(ROOT / "supervisord.conf")
    times = [conf.getint(name, "stopwaitsecs") for name in conf.sections() if name.startswith("program:")]
    assert int(unit()["TimeoutStopSec"]) > sum(times)
    assert unit()["KillMode"] == "mixed"


def test_what_may_be_written_is_where_everything_is_written() -> None:
    settings = unit()
    assert settings["ProtectSystem"] == "strict"
    assert settings["WorkingDirectory"] == PROJECT
    assert settings["ReadWritePaths"] == f"{PROJECT}/.wasla"
    conf = configuration(ROOT / "supervisord.conf")
    assert conf["supervisord"]["pidfile"].startswith("%(here)s/.wasla/")
    assert conf["unix_http_server"]["file"].startswith("%(here)s/.wasla/")


def test_a_gateway_may_open_as_many_connections_as_it_is_told_to() -> None:
    (connections,) = [row.default for row in rows() if row.variable == "WASLA_MAX_CONNECTIONS"]
    assert int(unit()["LimitNOFILE"]) > connections


def test_every_variable_of_the_environment_is_known() -> None:
    named = re.findall(r"^#?(\w+)=", (DEPLOY / "wasla.env").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(named) > 3
    assert set(named) <= {row.variable for row in rows()}


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.md")), ids=lambda path: path.name)
def test_every_variable_of_the_documents_is_known(path: Path) -> None:
    named = re.findall(r"\bWASLA_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    assert set(named) <= {row.variable for row in rows()}


def test_a_machine_of_gateways_runs_them_as_every_machine_does() -> None:
    whole, gateways = configuration(ROOT / "supervisord.conf"), configuration(DEPLOY / "gateways.conf")
    assert set(whole.sections()) - set(gateways.sections()) == ELSEWHERE
    for name in gateways.sections():
        assert dict(gateways[name]) == dict(whole[name]), name
