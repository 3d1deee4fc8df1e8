"""What the Python client's package says of itself: its README, its dependencies, its types."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import wasla_client
from wasla_client import sync
from wasla_client.listeners import NAMES

PACKAGE = Path(wasla_client.__file__).parents[2]
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
ROOT = Path(__file__).resolve().parents[3]
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def public(owner: object) -> set[str]:
    return {name for name in vars(owner) if not name.startswith("_")}


@pytest.mark.parametrize("block", BLOCKS)
def test_what_the_readme_shows_is_python(block: str) -> None:
    compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_the_readme_names_everything() -> None:
    internal = {"take", "is_full", "room", "fail"}
    names = (public(wasla_client.Client) - internal) | public(sync.Client) | public(sync.EventStream) | set(NAMES)
    names |= {"wait_live", "aclose"} | set(wasla_client.__all__)
    assert {name for name in names if not re.search(rf"\b{name}\b", README)} == set()


def test_the_readmes_name_every_reason_of_a_resync() -> None:
    protocol = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "services" / "gateway").rglob("*.py")]
    sent = {name for text in sources for name in re.findall(r'(?:resync|Joined)\(.*?"(\w+)"', text)}
    assert sent == {"epoch_changed", "position_expired", "capture_failed", "rights_changed"}
    other = (ROOT / "clients" / "javascript" / "README.md").read_text(encoding="utf-8")
    for text in (protocol, README, other, str(wasla_client.Resync.__doc__)):
        assert {reason for reason in sent if f"`{reason}`" not in text} == set()


def roots(path: Path) -> set[str]:
    """Return the packages that a module imports from."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


def test_it_depends_on_websockets_alone() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [re.split(r"[<>=]", name)[0] for name in project["dependencies"]] == ["websockets"]
    imported = {name for path in (PACKAGE / "src" / "wasla_client").glob("*.py") for name in roots(path)}
    assert not imported & {"shared", "services", "msgspec", "structlog", "tests"}
    assert (PACKAGE / "src" / "wasla_client" / "py.typed").exists()
