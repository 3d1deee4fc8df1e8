"""SECURITY.md tells of every attack, and every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.attacks.catalogue import ATTACKS

TESTS = Path(__file__).parents[1]
DOCUMENT = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", DOCUMENT)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_every_attack_has_its_row(attack) -> None:  # type: ignore[no-untyped-def]
    assert f"| {attack.name} | {attack.about} |" in DOCUMENT


def test_no_attack_is_named_that_is_not_carried_out() -> None:
    told = DOCUMENT.partition("## Who attacks")[2].partition("## The attacks")[0]
    named = {name for name in re.findall(r"\*([a-z ]+)\*", told) if name != "the attack"}
    assert named == set(ATTACKS)


@pytest.mark.parametrize(("file", "test"), NAMED, ids=["::".join(filter(None, each)) for each in NAMED])
def test_every_test_that_is_named_is_there(file: str, test: str) -> None:
    text = (TESTS / file).read_text(encoding="utf-8")
    assert not test or f"def {test}(" in text
