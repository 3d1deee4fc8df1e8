"""The page's decisions, tested by Node.js."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ASSETS = HERE.parents[2] / "services" / "station" / "assets"


@pytest.mark.parametrize("path", sorted(HERE.glob("*.test.js")), ids=lambda path: path.name)
def test_the_pages_decisions(path: Path) -> None:
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert node is not None, "expected Node.js: ./run --install requirements-dev.lock"
    result = subprocess.run([node, "--test", str(path)], capture_output=True, text=True, timeout=90, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_both_languages_have_the_same_words() -> None:
    text = (ASSETS / "words-of-station.js").read_text(encoding="utf-8")
    french, english = text.split("\n  en: {")
    keys = [set(re.findall(r'(?:^\s*|[{,]\s*)"?([\w.]+)"?: "', half, re.MULTILINE)) for half in (french, english)]
    assert keys[0] == keys[1]
    assert len(keys[0]) > 50


def test_every_word_that_is_asked_for_is_there() -> None:
    words = (ASSETS / "words-of-station.js").read_text(encoding="utf-8")
    used: set[str] = set()
    for path in ASSETS.glob("*.js"):
        used |= set(re.findall(r'\bt\("([\w.]+)"', path.read_text(encoding="utf-8")))
    used |= set(re.findall(r'data-t(?:-label)?="([\w.]+)"', (ASSETS / "index.html").read_text(encoding="utf-8")))
    for key in sorted(used):
        assert f'"{key}":' in words or re.search(rf"\b{re.escape(key)}:", words), key
