"""What supervisord's words mean to the monitor."""

from __future__ import annotations

import pytest

from services.monitor.programs import Program


@pytest.mark.parametrize(
    ("state", "is_running", "is_stopped", "is_meant_to_run"),
    [
        ("RUNNING", True, False, True),
        ("STARTING", False, False, True),
        ("BACKOFF", False, False, True),
        ("FATAL", False, False, True),
        ("STOPPING", False, False, True),
        ("STOPPED", False, True, False),
        ("EXITED", False, False, False),  # killed a moment ago, or finished: time will tell
    ],
)
def test_states(state: str, is_running: bool, is_stopped: bool, is_meant_to_run: bool) -> None:
    program = Program("g:p", "g", state, 1, 1.0)
    assert (program.is_running, program.is_stopped, program.is_meant_to_run) == (
        is_running,
        is_stopped,
        is_meant_to_run,
    )
    assert program.is_given_up is (state == "FATAL")
