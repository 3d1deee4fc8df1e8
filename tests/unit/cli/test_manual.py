"""docs/cli.md says what the code says: commands, exit codes, fields of ``--json``, and examples that are understood."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from services.cli.application import build
from services.cli.doctor.finding import Finding
from services.cli.exits import MEANINGS
from services.cli.gateways import Gateway
from services.cli.settings_table import Row
from services.cli.watched import Watched
from services.monitor.status import EventStatus, Status

MANUAL = (Path(__file__).resolve().parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
GROUP = typer.main.get_command(build())
COMMANDS = sorted(GROUP.commands)  # type: ignore[attr-defined]


def section(command: str) -> str:
    found = re.search(rf"^## wasla {command}\n(.*?)(?=^## |\Z)", MANUAL, re.MULTILINE | re.DOTALL)
    assert found, f"docs/cli.md has no section on wasla {command}"
    return found[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_section_and_its_row(command: str) -> None:
    assert section(command).strip()
    assert f"| [`wasla {command}`](#wasla-{command}) |" in MANUAL


@pytest.mark.parametrize("command", COMMANDS)
def test_the_table_says_who_prints_json(command: str) -> None:
    row = next(line for line in MANUAL.splitlines() if line.startswith(f"| [`wasla {command}`]"))
    parameters = {name for parameter in GROUP.commands[command].params for name in parameter.opts}  # type: ignore[attr-defined]
    assert bool(row.split("|")[3].strip()) is ("--json" in parameters)


def test_the_exit_codes_are_those_of_the_code() -> None:
    listed = dict(re.findall(r"^\| (\d+) \| (.*) \|$", MANUAL, re.MULTILINE))
    assert listed == {str(code.value): meaning for code, meaning in MEANINGS.items()}


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("status", {*Gateway.__struct_fields__, "gateways"} | set(EventStatus.__struct_fields__)),
        ("doctor", {field.name for field in fields(Finding)}),
        ("watch", {field.name for field in fields(Watched)}),
        ("config", {field.name for field in fields(Row)}),
        (
            "setup",
            {"ok", "steps", "outcome", "text", "configuration", "database", "websocket", "status_page", "tables"},
        ),
        ("scale", {"started", "stopped", "running"}),
    ],
)
def test_every_field_is_named(command: str, names: set[str]) -> None:
    assert names <= set(re.findall(r"`(\w+)`", section(command)))


def test_the_fields_of_the_status_are_the_monitors() -> None:
    told = re.findall(r"^\| (`.*?`) \|", section("status").partition("`--json`")[2], re.MULTILINE)
    named = {name for cell in told for name in re.findall(r"`(\w+)`", cell)} - {"gateways"}
    assert named <= set(Status.__struct_fields__)


@pytest.mark.parametrize("line", sorted(set(re.findall(r"^(?:\$ )?(wasla [a-z].*)$", MANUAL, re.MULTILINE))))
def test_every_example_is_understood(line: str) -> None:
    _, command, *words = shlex.split(line.partition("|")[0], comments=True)
    GROUP.commands[command].make_context(command, words)  # type: ignore[attr-defined]
