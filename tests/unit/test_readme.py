"""The README's tables say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.cli.settings_table import rows
from services.gateway.errors import SENTENCES
from shared.close_codes import INSTRUCTIONS, CloseCode

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


def cells(text: str, first: str) -> list[str]:
    """Return the cells of the table row that begins with *first*."""
    found = re.search(rf"^\| {re.escape(first)} \|(.*)\|$", text, re.MULTILINE)
    assert found is not None, f"no row for {first}"
    return [cell.strip() for cell in found[1].split("|")]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.variable)
def test_every_variable_has_its_row(row) -> None:
    default = "-" if row.default is None or str(row.default) == "" else f"`{row.default}`"
    assert cells(README, f"`{row.variable}`") == [default, row.unit, ", ".join(row.services), row.description]


def test_no_row_names_a_variable_that_is_not_read() -> None:
    named = set(re.findall(r"^\| `(WASLA_\w+)`", README, re.MULTILINE))
    assert named == {row.variable for row in rows()}


@pytest.mark.parametrize("text", [README, PROTOCOL], ids=["README", "protocol"])
@pytest.mark.parametrize("code", list(CloseCode))
def test_every_close_code_has_its_row(text: str, code: CloseCode) -> None:
    assert cells(text, str(int(code))) == [f"`{INSTRUCTIONS[code].reason}`", INSTRUCTIONS[code].advice]


def test_every_error_is_documented() -> None:
    documented = set(re.findall(r"^\| `([a-z_]+)` \| [A-Z]", PROTOCOL, re.MULTILINE))
    assert documented == {slug.value for slug in SENTENCES}


@pytest.mark.parametrize("path", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"], ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"
