"""The layers hold: a module imports only its own layer or one below.

vocabulary (``shared/``) -> decisions -> I/O shells -> ``__main__``. Decisions touch no clock, no socket, no event loop
and no environment, so that every one of them can be tested to the last branch without waiting for anything.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "__init__.py").exists())
DRIVERS = {
    "asyncio",
    "zmq",
    "asyncpg",
    "websockets",
    "aiohttp",
    "socket",
    "subprocess",
    "supervisor",
    "xmlrpc",
    "uvloop",
}
IMPURE = DRIVERS | {"time", "os", "signal", "threading", "select"}

PURE = {
    "shared": {"line_book"},
    "services.gateway": {
        "arrivals",
        "context",
        "deflation",
        "groups",
        "intake",
        "limits",
        "matching",
        "ranges",
        "ring",
        "row_index",
        "session",
        "standings",
        "subscriptions",
    },
    "services.gateway.access": {
        "admission",
        "claims",
        "denials",
        "expiries",
        "keyring",
        "revocations",
        "tokens",
    },
    "services.gateway.rights": {
        "epochs",
        "explaining",
        "misfits",
        "policy",
        "policy_file",
        "readings",
        "seeing",
        "view_index",
        "views",
    },
    "shared.bus": {"choice"},
    "shared.bus.jetstream": {"backlog", "limits", "parts", "subjects"},
    "shared.access": {"addresses", "client_key", "exposure", "forwarding", "hosts", "visitors"},
    "services.pg_listener": {"doorbell", "encoding", "replay"},
    "services.station": {"days", "departure_times", "origins", "prices", "refusals", "requests", "tally"},
    "services.monitor": {
        "families",
        "figures",
        "history",
        "ledger",
        "lines",
        "observations",
        "programs",
        "readiness",
        "restarts",
        "roundtrip",
        "sampling",
        "status",
    },
}
"""Modules promised to be pure; the others of a service may be shells."""


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of every module imported anywhere in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_path(package: str, module: str) -> Path:
    return ROOT.joinpath(*package.split("."), f"{module}.py")


@pytest.mark.parametrize(("package", "module"), [(p, m) for p, modules in PURE.items() for m in sorted(modules)])
def test_decisions_are_pure(package: str, module: str) -> None:
    roots = {name.split(".")[0] for name in imports(module_path(package, module))}
    assert not roots & IMPURE, f"{package}.{module} is a decision and imports {sorted(roots & IMPURE)}"


@pytest.mark.parametrize(("package", "module"), [(p, m) for p, modules in PURE.items() for m in sorted(modules)])
def test_decisions_import_no_shell(package: str, module: str) -> None:
    own = {name for name in imports(module_path(package, module)) if name.startswith("services.")}
    shells = {name for name in own if (parts := name.split("."))[:2] == package.split(".") and len(parts) > 2}
    reached = {name.split(".")[2] for name in shells}
    for target in reached:
        if (path := module_path(package, target)).exists():
            roots = {name.split(".")[0] for name in imports(path)}
            assert not roots & IMPURE, f"{package}.{module} imports the shell {target}"


@pytest.mark.parametrize("path", sorted((ROOT / "shared").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_vocabulary_imports_no_service(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] == "services"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_no_other_service(service: str) -> None:
    """Processes meet on the bus and in the database, never by import; the command line may use setup's functions."""
    allowed = {service, "lifecycle", "setup", "settings"}
    if service == "monitor":
        allowed.add("station")  # no process: the monitor serves it
    if service == "cli":
        pytest.skip("the command line composes the services' settings and setup")
    for path in (ROOT / "services" / service).rglob("*.py"):
        others = {name.split(".")[1] for name in imports(path) if name.startswith("services.")} - allowed
        assert not others, f"{path.relative_to(ROOT)} imports services {sorted(others)}"


SQL = re.compile(
    r"^\s*(select\s+(\S+\s+from|pg_|wasla\.|set_config)|insert\s+into|update\s+\S+\s+set|delete\s+from"
    r"|(create|alter|drop)\s+(table|schema|function|role|database|trigger|index|extension)|(un)?listen\s+wasla_\w+|notify\s+wasla_\w+)",
    re.IGNORECASE,
)


def strings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the string constants that are not docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


@pytest.mark.parametrize(
    "text", ["SELECT pg_sleep(1)", "select * from t", "INSERT INTO t", "drop table x", "LISTEN wasla_wake"]
)
def test_the_search_for_sql_finds_it(text: str) -> None:
    assert SQL.search(text)


def test_python_holds_no_sql() -> None:
    """SQL lives in sql/, where it can be read and run by itself."""
    for path in [*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]:
        for node in strings(ast.parse(path.read_text(encoding="utf-8"))):
            advice = "..." in str(node.value)  # what an operator is told to run has gaps to fill in
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            assert advice or not SQL.search(str(node.value)), f"{place} holds {node.value!r}"
