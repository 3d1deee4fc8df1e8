"""The files of docs/deploy with a test's addresses, ports and paths put in their places.

A place that is not there any more fails the test: so what is tested stays what is printed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "docs" / "deploy"


def rendered(name: str, places: Mapping[str, str]) -> str:
    """Return a file of docs/deploy with every place filled in."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    for place, value in places.items():
        assert place in text, f"docs/deploy/{name} does not say {place!r} any more"
        text = text.replace(place, value)
    return text


def require(program: str, package: str) -> str:
    """Return a program's path, or skip the test; in CI a missing one is a failure."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if found is None:
        missing = f"expected {program} on PATH: apt-get install {package}"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return found
