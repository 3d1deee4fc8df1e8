"""The suite itself: what is sent, how rounds go, what is made of the figures; and that it measures at all."""

from __future__ import annotations

import io
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from tests.benchmarks.children import child
from tests.benchmarks.drawing import draw
from tests.benchmarks.load.generator import Mark
from tests.benchmarks.measuring import Wrong, bench, check, saturated, steady
from tests.benchmarks.payloads import Source
from tests.benchmarks.peers.all import LIMIT, OURS
from tests.benchmarks.peers.contract import Peer
from tests.benchmarks.results import Measure, Result, read, write
from tests.benchmarks.scenarios import PROGRAMS, SCENARIOS
from tests.benchmarks.tables import markdown
from tests.benchmarks.turns import Options, in_turns

ROOT = Path(__file__).resolve().parents[3]
FACTS: dict[str, object] = {
    "measured_at": "2024-01-01T00:00:00+00:00",
    "cores": 2,
    "processor": "a processor",
    "system": "Linux 6",
    "python": "3.11",
    "used_by_others": 0.5,
    "noisy": True,
}


@dataclass(frozen=True)
class Someone:
    name: str
    reason: str | None = None

    def missing(self) -> str | None:
        return self.reason


def quiet(rounds: int = 1, only: tuple[str, ...] = ()) -> Options:
    return Options(quick=True, rounds=rounds, only=only, console=Console(file=io.StringIO()))


def result(*measures: Measure) -> Result:
    return Result(
        name="one", title="One", about="About.", quick=True, environment=FACTS, measures=list(measures),
        skipped={"peer": "install it"},
    )  # fmt: skip


def test_events_are_as_long_as_asked_for_and_say_their_number() -> None:
    source = Source(300)
    messages = source.take(2) + source.take(1, {"spot": 7, "name": "é"})
    assert [message.seq for message in messages] == [1, 2, 3]
    assert {len(message.text) for message in messages} == {300}
    data = json.loads(messages[2].text)["data"]
    assert (data["seq"], data["data"]["spot"], data["data"]["name"]) == (3, 7, "é")


def test_ratios_are_taken_inside_each_round() -> None:
    measure = Measure(title="t", unit="us", reference="limit", values={"limit": [1.0, 10.0, 2.0]})
    for value in (2.0, 20.0, 8.0):
        measure.add("ours", value)
    assert measure.ratio("ours") == 2.0
    assert measure.median("ours") == 8.0


def test_there_is_no_ratio_without_the_reference() -> None:
    assert Measure(title="t", unit="us", reference="limit", values={"ours": [1.0]}).ratio("ours") is None


async def test_everybody_has_a_turn_in_each_round() -> None:
    had: list[str] = []

    async def turn(someone: Someone) -> None:
        had.append(someone.name)
        if someone.name == "b":
            raise ValueError("broken")

    everybody = [Someone("a"), Someone("b"), Someone("c", "apt-get install c"), Someone("d")]
    outcome = await in_turns(quiet(rounds=2), "turns", everybody, turn)
    assert had == ["a", "b", "d", "a", "d"]
    assert outcome.skipped == {"c": "apt-get install c"}
    assert outcome.failed == {"b": "ValueError: broken"}


async def test_only_who_is_asked_for_has_a_turn() -> None:
    had: list[str] = []

    async def turn(someone: Someone) -> None:
        had.append(someone.name)

    await in_turns(
        quiet(only=("SEND", "wa")), "turns", [Someone("C send() loop"), Someone("wasla"), Someone("x")], turn
    )
    assert had == ["C send() loop", "wasla"]


@pytest.mark.parametrize(
    "change", [{"gone": 1}, {"disorder": 1}, {"missing": 1}, {"events": 9}, {"least": 4, "most": 6}], ids=str
)
def test_a_wrong_delivery_is_no_figure(change: dict[str, int]) -> None:
    right = {"live": 2, "gone": 0, "events": 10, "least": 5, "most": 5, "disorder": 0, "missing": 0}
    rest = dict.fromkeys(("bytes", "reads", "wall", "cpu", "p50", "p90", "p99", "max"), 0)
    check(Mark(**right, **rest), 10, 5)
    with pytest.raises(Wrong):
        check(Mark(**{**right, **change}, **rest), 10, 5)


def test_a_result_is_kept_drawn_and_told(tmp_path: Path) -> None:
    kept = result(
        Measure(title="Cost", unit="us", reference="limit", values={"limit": [1.0], "wasla": [1.5]}),
        Measure(title="Late", unit="ms", logarithmic=True, values={"wasla": [0.5, 200.0]}),
    )
    assert read(write(kept, tmp_path)) == kept
    drawn = draw(kept, tmp_path)
    assert drawn is not None
    first = drawn.read_bytes()
    assert draw(kept, tmp_path).read_bytes() == first, "the same figures make the same file"  # type: ignore[union-attr]
    text = markdown(kept)
    assert "| wasla | 1.50 | 1.50 to 1.50 | 1.50 |" in text
    assert "The machine was noisy" in text
    assert "Skipped: peer: install it" in text


def test_nothing_that_was_started_is_left(tmp_path: Path) -> None:
    with child(["sh", "-c", "sleep 600 & echo started; wait"], tmp_path) as running:
        while "started" not in running.said():
            time.sleep(0.01)
        pids = running.pids
        assert len(pids) == 2, "a program that starts another one, as node's does"
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}/cwd").exists() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_program_is_there() -> None:
    for program in PROGRAMS.values():
        assert (ROOT / "tests" / "benchmarks" / f"{program.module}.py").exists()
    assert not SCENARIOS.keys() & PROGRAMS.keys()


@pytest.mark.skipif(shutil.which("cc") is None, reason="the load is written in C: apt-get install gcc")
@pytest.mark.parametrize("peer", [LIMIT, OURS], ids=lambda peer: peer.name)
async def test_it_measures(peer: Peer) -> None:
    async with bench(peer, 5, 300) as on:
        sample = await steady(on, 50, 0.2)
        assert (sample.events, sample.deliveries) == (10, 50)
        assert sample.cost > 0
        assert (await saturated(on, 10, 0.05)).events >= 10
