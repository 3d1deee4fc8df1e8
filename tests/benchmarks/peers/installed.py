"""Where the peers' packages are: apart from what the product needs, and gone with ``.venv``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.running import ROOT

PACKAGES = ROOT / ".venv" / "peers"
NODE_PEERS = Path(__file__).parent / "node"
NODE = ROOT / ".venv" / "bin" / "node"


def install() -> None:
    """Install the peers of PyPI and npm, of the versions named beside this file."""
    requirements = Path(__file__).parent / "requirements.txt"
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--upgrade"]
    subprocess.run([*pip, "--target", PACKAGES, "-r", requirements], check=True)
    subprocess.run([NODE.with_name("npm"), "ci", "--no-audit", "--no-fund"], cwd=NODE_PEERS, check=True)


def has_node_module(name: str) -> bool:
    """Tell whether an npm package is installed."""
    return NODE.exists() and (NODE_PEERS / "node_modules" / name).exists()
