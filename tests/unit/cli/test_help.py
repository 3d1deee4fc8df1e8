"""The help texts: every command shows examples, and every example is a command line that is understood."""

from __future__ import annotations

import re
import shlex

import pytest
import typer

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
