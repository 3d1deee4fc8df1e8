"""Fuzzing: every parser that meets bytes from outside is fed inputs that begin valid and are then spoilt.

The property is the same for all of them: nothing but the documented errors and close codes, nothing kept once an
input is over, and nobody else disturbed. Every input follows from a seed, the target's name and a number, so that any
of a million can be made again by itself.

``./test`` runs a short, always equal part; ``python -m tests.fuzz --inputs 1000000 --seed 7 --out docs/fuzz`` by hand.
"""

import sys
from pathlib import Path

# The Python client is a package of its own, which pytest finds by its settings.
sys.path.append(str(Path(__file__).resolve().parents[2] / "clients" / "python" / "src"))
