"""What a run came to, as JSON and as markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from tests.fuzz.running import ALLOWED_BLOCKS, Tally
from tests.fuzz.targets import BY_NAME

_SHOWN: Final = 6


def as_json(tallies: Sequence[Tally], command: str, seed: int) -> str:
    """Return everything; the same seed counts the same outcomes again."""
    targets = {
        tally.target: {
            "inputs": tally.inputs,
            "seconds": round(tally.seconds, 1),
            "outcomes": dict(sorted(tally.outcomes.items(), key=lambda item: (-item[1], item[0]))),
            "findings": tally.complaints,
            "blocks_more": tally.growth,
            "held_more": tally.held_more,
        }
        for tally in tallies
    }
    said = {"command": command, "seed": seed, "inputs": sum(tally.inputs for tally in tallies), "targets": targets}
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def as_markdown(tallies: Sequence[Tally], command: str) -> str:
    """Return the report that people read."""
    inputs, seconds = sum(tally.inputs for tally in tallies), sum(tally.seconds for tally in tallies)
    wrong = [f"- **{tally.target}**: {complaint}" for tally in tallies for complaint in tally.complaints]
    verdict = ["**Something was found:**", "", *wrong] if wrong else ["**Nothing was found.**"]
    lines = [
        "# The last long run of the fuzzer",
        "",
        "Every parser that meets bytes from outside was fed inputs that begin valid and are then spoilt. Nothing but",
        "the documented errors, answers and close codes may come of them; nothing may be kept; another client,",
        "connected all the while, may notice nothing and gets its events, each once.",
        "",
        f"`{command}`: {inputs:,} inputs in {seconds:,.0f} s on one core.",
        "",
        *verdict,
        "",
        "| target | what it is fed | inputs | seconds | outcomes | memory blocks more |",
        "|---|---|---|---|---|---|",
        *(_row(tally) for tally in tallies),
        "",
        f"Memory blocks are CPython's, at the end less those after a fifth of the inputs; more than {ALLOWED_BLOCKS:,}",
        "in all would be a finding. An input can be made again by its number: `python -m tests.fuzz --seed SEED",
        "--target NAME --only NUMBER`. [report.json](report.json) counts every outcome; the same seed counts the same",
        "again, but for the target *sockets*: how much is answered before a client has gone is a matter of time.",
        "",
    ]
    return "\n".join(lines)


def _row(tally: Tally) -> str:
    common = ", ".join(f"{outcome} {count:,}" for outcome, count in tally.outcomes.most_common(_SHOWN))
    more = len(tally.outcomes) - _SHOWN
    outcomes = f"{len(tally.outcomes)}: {common}{f', {more} more' if more > 0 else ''}".replace("|", "\\|")
    about = BY_NAME[tally.target].about
    return f"| {tally.target} | {about} | {tally.inputs:,} | {tally.seconds:,.0f} | {outcomes} | {tally.growth:,} |"
