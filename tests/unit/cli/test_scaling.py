"""Which gateway workers to start and which to stop."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.cli.scaling import Program, plan, workers


def fleet(*states: str) -> list[Program]:
    """Two workers that always run and six extra ones, in these states, among other programs."""
    names = [("gateway", f"gateway-{n}") for n in range(2)] + [
        ("gateway-extra", f"gateway-extra-{n}") for n in range(6)
    ]
    padded = [*states, *["STOPPED"] * (8 - len(states))]
    found = [Program(group, name, state) for (group, name), state in zip(names, padded, strict=True)]
    return [
        Program("monitor", "monitor", "RUNNING"),
        *reversed(found),
        Program("pg-listener", "pg-listener", "RUNNING"),
    ]


def names(programs: Sequence[Program]) -> list[str]:
    return [program.full_name for program in programs]


def test_workers_are_the_gateways_in_the_order_they_are_filled() -> None:
    assert names(workers(fleet()))[:3] == ["gateway:gateway-0", "gateway:gateway-1", "gateway-extra:gateway-extra-0"]
    assert len(workers(fleet())) == 8


def test_more_start_in_order() -> None:
    planned = plan(fleet("RUNNING", "RUNNING"), 4)
    assert names(planned.start) == ["gateway-extra:gateway-extra-0", "gateway-extra:gateway-extra-1"]
    assert planned.stop == ()


def test_fewer_stop_from_the_end() -> None:
    planned = plan(fleet("RUNNING", "RUNNING", "RUNNING", "STARTING"), 1)
    assert planned.start == ()
    assert names(planned.stop) == [
        "gateway-extra:gateway-extra-1",
        "gateway-extra:gateway-extra-0",
        "gateway:gateway-1",
    ]


def test_what_runs_already_is_left_alone() -> None:
    planned = plan(fleet("RUNNING", "BACKOFF"), 2)
    assert (planned.start, planned.stop) == ((), ())


def test_a_worker_given_up_on_is_started_again() -> None:
    assert names(plan(fleet("FATAL", "EXITED"), 2).start) == ["gateway:gateway-0", "gateway:gateway-1"]


def test_more_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="has 8 gateway workers, fewer than the 9 asked for"):
        plan(fleet(), 9)
