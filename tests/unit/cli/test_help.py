"""The help texts: every command shows examples, and every example is a command line that is understood."""

from __future__ import annotations

import re
import shlex

import pytest
import typer
from typer.testing import CliRunner

from services.cli.application import build

GROUP = typer.main.get_command(build())
COMMANDS = sorted(GROUP.commands)  # type: ignore[attr-defined]
ITS_OWN_EXAMPLE = {"demo"}


def examples(command: str) -> list[list[str]]:
    """Return the words of each example of a command, what comes after a pipe left out."""
    text = GROUP.commands[command].help or ""  # type: ignore[attr-defined]
    found = re.search(r"^\s*Examples?:\n(?P<lines>.*)", text, re.MULTILINE | re.DOTALL)
    assert found, f"wasla {command} --help shows no example"
    lines = re.findall(r"wasla [^|)\"\n]+", found["lines"])
    return [shlex.split(line.strip()) for line in lines]


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in ITS_OWN_EXAMPLE])
def test_every_command_has_examples_that_are_understood(command: str) -> None:
    found = examples(command)
    assert found
    for program, name, *words in found:
        assert (program, name) == ("wasla", command)
        GROUP.commands[name].make_context(name, words)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_is_for(command: str) -> None:
    for parameter in GROUP.commands[command].params:  # type: ignore[attr-defined]
        assert parameter.help, f"wasla {command}: {parameter.name}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_value_is_named_for_people(command: str) -> None:
    """Without a name of ours an option's help shows the parser's: <float range>."""
    shown = CliRunner().invoke(build(), [command, "--help"], terminal_width=200).stdout
    assert re.search(r"^ +-.*<\w+( \w+)*>", shown, re.MULTILINE) is None, shown


def test_what_each_command_does_is_told_whole() -> None:
    """Also in a pipe, for which 78 columns are filled: none of the summaries is cut."""
    shown = CliRunner().invoke(build(), ["--help"], terminal_width=78).stdout
    commands = shown.partition("Commands:")[2]
    assert all(name in commands for name in COMMANDS)
    assert "..." not in commands


def test_how_long_the_demo_takes_is_said() -> None:
    text = GROUP.commands["demo"].help or ""  # type: ignore[attr-defined]
    (speed,) = (each for each in GROUP.commands["demo"].params if each.name == "speed")  # type: ignore[attr-defined]
    assert "in 12 minutes" in text
    assert "0 in about 15 s" in speed.help


def test_how_to_make_a_key_for_tokens_is_said() -> None:
    assert "openssl genpkey -algorithm ed25519 -out issuer.pem" in (GROUP.commands["token"].help or "")  # type: ignore[attr-defined]
