"""supervisord.conf agrees with the processes it starts."""

from __future__ import annotations

import configparser
from importlib.util import find_spec
from pathlib import Path

import pytest

from services.gateway.settings import GatewaySettings
from services.postgres.__main__ import COUNTED_AS_STARTED, NOT_NEEDED

FILE = Path(__file__).resolve().parents[2] / "supervisord.conf"
PROGRAMS = ("postgres", "pg-listener", "gateway", "gateway-extra", "monitor")
FOR_EVER = 1_000_000


@pytest.fixture
def configuration() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    parser.read(FILE, encoding="utf-8")
    return parser


def test_it_needs_no_variable() -> None:
    assert "%(ENV_" not in FILE.read_text(encoding="utf-8")


def test_every_process_is_there(configuration: configparser.RawConfigParser) -> None:
    programs = [name.partition(":")[2] for name in configuration.sections() if name.startswith("program:")]
    assert sorted(programs) == sorted(PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_exists(configuration: configparser.RawConfigParser, program: str) -> None:
    words = configuration.get(f"program:{program}", "command").split()
    assert words[:2] == ["python", "-m"]
    assert find_spec(f"{words[2]}.__main__") is not None


@pytest.mark.parametrize("program", [name for name in PROGRAMS if name != "postgres"])
def test_no_process_is_given_up(configuration: configparser.RawConfigParser, program: str) -> None:
    section = configuration[f"program:{program}"]
    assert section["autorestart"] == "true"
    assert section.getint("startretries") == FOR_EVER


def test_they_stop_in_the_order_in_which_they_need_each_other(configuration: configparser.RawConfigParser) -> None:
    """supervisord stops the highest priority first."""
    priorities = [configuration.getint(f"program:{program}", "priority") for program in PROGRAMS]
    assert priorities == sorted(set(priorities))


@pytest.mark.parametrize("program", ["gateway", "gateway-extra"])
def test_a_gateway_has_the_time_to_see_its_clients_off(
    configuration: configparser.RawConfigParser, program: str
) -> None:
    settings = GatewaySettings.model_fields
    needed = settings["drain_timeout"].default + settings["close_timeout"].default
    assert configuration.getint(f"program:{program}", "stopwaitsecs") > needed


def test_a_server_that_is_not_needed_counts_as_started_and_is_not_started_again(
    configuration: configparser.RawConfigParser,
) -> None:
    section = configuration["program:postgres"]
    assert section.getint("startsecs") < COUNTED_AS_STARTED
    assert section["exitcodes"] == str(NOT_NEEDED)
    assert section["autorestart"] == "unexpected"
