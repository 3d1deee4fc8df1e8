"""The JavaScript client's own checks: its tests under Node's runner, its types, and those that applications see."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.close_codes import CloseCode, may_reconnect

CLIENT = Path(__file__).resolve().parents[3] / "clients" / "javascript"
BIN = Path(sys.executable).parent
COMPILER = CLIENT / "node_modules" / ".bin" / "tsc"

BLOCKS = re.findall(r"^```js\n(.*?)^```", (CLIENT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)

IMPORT = re.compile(r'^(?:import|export|})\b.* from "([^"]+)";$', re.MULTILINE)


def run(*command: str | Path, cwd: Path = CLIENT) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment's Node."""
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=110)


@pytest.fixture
def compiler() -> Path:
    """The TypeScript compiler, which ``./test`` installs."""
    if not COMPILER.exists():
        missing = "expected TypeScript in clients/javascript/node_modules: ./test installs it, or npm ci does"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return COMPILER


@pytest.fixture
def installed(compiler: Path, tmp_path: Path) -> Path:
    """An application that has installed this directory as it is: nothing is built."""
    package = tmp_path / "node_modules" / "@wasla" / "realtime"
    package.parent.mkdir(parents=True)
    package.symlink_to(CLIENT)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(CLIENT / "tests" / "types" / "tsconfig.json", tmp_path)
    return tmp_path


def test_its_own_tests() -> None:
    ran = run(BIN / "node", "--test", "--test-timeout=60000", "tests/*.test.js")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_its_types_are_strict(compiler: Path) -> None:
    checked = run(compiler, "--project", "tsconfig.json")
    assert checked.returncode == 0, checked.stdout


def test_its_declarations_are_those_of_its_sources(compiler: Path, tmp_path: Path) -> None:
    """They are kept beside the sources: who installs the directory need not build. npm run types renews them."""
    emitted = run(compiler, "--project", "tsconfig.types.json", "--outDir", tmp_path)
    assert emitted.returncode == 0, emitted.stdout
    kept, made = (
        {file.name: file.read_text(encoding="utf-8") for file in place.glob("*.d.ts")}
        for place in (CLIENT / "types", tmp_path)
    )
    assert kept == made, "npm run types"


def test_what_applications_write_compiles(installed: Path) -> None:
    checked = compiled(installed, "pass.ts")
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_what_applications_get_wrong_does_not(installed: Path) -> None:
    checked = compiled(installed, "fail.ts")
    complaints = re.findall(r"^(\S+)\((\d+),", checked.stdout, re.MULTILINE)
    assert {file for file, _ in complaints} == {"fail.ts"}, checked.stdout
    failed = {int(line) for _, line in complaints}
    text = (CLIENT / "tests" / "types" / "fail.ts").read_text()
    assert failed == {number for number, line in enumerate(text.splitlines(), 1) if "// must fail" in line}


def test_what_its_readme_shows_compiles(installed: Path) -> None:
    """Each block as it stands; what the text leaves to its reader is declared."""
    left_open = """export {};
declare const client: import("@wasla/realtime").WaslaClient;
declare const loadBookings: () => Promise<void>, apply: (change: import("@wasla/realtime").RealtimeEvent) => void;
"""
    assert len(BLOCKS) == 3
    for number, block in enumerate(BLOCKS):
        needs_client = "client." in block and "new WaslaClient" not in block
        text = f"{left_open}{block}" if needs_client else block
        (installed / f"block{number}.ts").write_text(text, encoding="utf-8")
    checked = run(COMPILER, "--project", "tsconfig.json", cwd=installed)
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_it_knows_every_close_code() -> None:
    codes = [int(code) for code in CloseCode]
    program = f"""
      import {{ mustStop, sentenceFor }} from "./src/close-codes.js";
      console.log(JSON.stringify({codes}.map((code) => [mustStop(code), sentenceFor(code).includes(String(code))])));
    """
    ran = run(BIN / "node", "--input-type=module", "--eval", program)
    assert json.loads(ran.stdout) == [[not may_reconnect(code), False] for code in codes]


def test_a_page_can_import_its_files_as_they_are() -> None:
    """No package, no runtime module, and nothing but files beside each other."""
    for file in (CLIENT / "src").glob("*.js"):
        for imported in IMPORT.findall(file.read_text()):
            assert imported.startswith("./")
            assert (file.parent / imported).exists()
    assert "dependencies" not in json.loads((CLIENT / "package.json").read_text())


def test_the_lock_names_no_addresses() -> None:
    lock = (CLIENT / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "://" not in lock


def compiled(application: Path, file: str) -> subprocess.CompletedProcess[str]:
    """Compile one file of an application."""
    shutil.copy(CLIENT / "tests" / "types" / file, application)
    return run(COMPILER, "--project", "tsconfig.json", cwd=application)
