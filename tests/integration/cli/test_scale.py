"""``wasla scale`` and what ``wasla doctor`` sees of it, against a real supervisord."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.application import build
from services.cli.errors import PeerUnreachable
from services.cli.places import supervisor_socket
from services.cli.scaling import Program
from services.cli.supervision import SupervisionFailed, supervisor

CONFIGURATION = f"""
[supervisord]
nodaemon=true
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s

[unix_http_server]
file=%(here)s/s.sock
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[program:gateway]
command={sys.executable} -c "import signal; signal.pause()"
process_name=%(program_name)s-%(process_num)02d
numprocs=2
startsecs=0

[program:gateway-extra]
command={sys.executable} -c "import signal; signal.pause()"
process_name=%(program_name)s-%(process_num)02d
numprocs=6
autostart=false
startsecs=0

[program:monitor]
command={sys.executable} -c "raise SystemExit(1)"
startretries=0
"""


@pytest.fixture(scope="module")
def supervised() -> Iterator[Path]:
    """A supervisord with gateway workers that wait to be stopped, and a monitor that fails at once."""
    # Not under tmp_path: a unix socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="wasla-") as name:
        file = Path(name) / "supervisord.conf"
        file.write_text(CONFIGURATION)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(file)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_state(file, "monitor:monitor", "FATAL")
            yield file
        finally:
            process.terminate()
            process.wait(90)


@pytest.fixture
def configuration(supervised: Path) -> Path:
    """The same, with its two first workers running."""
    scale(supervised, 2)
    return supervised


def wait_for_state(configuration: Path, name: str, state: str) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        # Its socket is there before anybody listens on it.
        with suppress(PeerUnreachable), supervisor(supervisor_socket(configuration)) as running:
            if any(program.full_name == name and program.state == state for program in running.programs()):
                return
        time.sleep(0.05)
    raise AssertionError(f"{name} never became {state}")


def scale(configuration: Path, wanted: int) -> dict[str, list[str]]:
    result = CliRunner().invoke(build(), ["scale", str(wanted), "--json", "-c", str(configuration)])
    assert result.exit_code == 0, result.stderr
    found: dict[str, list[str]] = json.loads(result.stdout)
    return found


def test_up_and_down_again(configuration: Path) -> None:
    up = scale(configuration, 4)
    assert up["started"] == ["gateway-extra:gateway-extra-00", "gateway-extra:gateway-extra-01"]
    assert len(up["running"]) == 4
    down = scale(configuration, 1)
    assert down["stopped"] == [*reversed(up["started"]), "gateway:gateway-01"]
    assert down["running"] == ["gateway:gateway-00"]
    assert scale(configuration, 1) == {"started": [], "stopped": [], "running": ["gateway:gateway-00"]}


def test_it_says_what_it_did(configuration: Path) -> None:
    result = CliRunner().invoke(build(), ["scale", "3", "-c", str(configuration)])
    assert result.stdout.splitlines() == [
        "started gateway-extra:gateway-extra-00",
        "3 gateway workers running: gateway:gateway-00, gateway:gateway-01, gateway-extra:gateway-extra-00",
    ]


def test_the_doctor_names_what_supervisord_gave_up_on(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(configuration.parent)
    result = CliRunner().invoke(build(), ["doctor"])
    assert result.exit_code == 1
    assert "problem  monitor:monitor: supervisord gave up on it" in result.stdout


def test_what_supervisord_refuses_is_a_sentence(configuration: Path) -> None:
    with supervisor(supervisor_socket(configuration)) as running, pytest.raises(SupervisionFailed, match="BAD_NAME"):
        running.start(Program("gateway", "nobody", "STOPPED"))


def test_starting_and_stopping_twice_is_fine(configuration: Path) -> None:
    with supervisor(supervisor_socket(configuration)) as running:
        worker = Program("gateway", "gateway-01", "RUNNING")
        running.start(worker)
        running.stop(worker)
        running.stop(worker)


def test_without_a_supervisord_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "supervisord.conf").write_text("[unix_http_server]\nfile=%(here)s/s.sock\n")
    result = CliRunner().invoke(build(), ["scale", "2", "-c", str(tmp_path / "supervisord.conf")])
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.startswith("wasla: supervisord does not answer at ")
    assert result.stderr.rstrip().endswith("start it with ./run")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("wanted", ["0", "9", "many"])
def test_a_number_that_is_none_is_a_usage_error(wanted: str) -> None:
    assert CliRunner().invoke(build(), ["scale", wanted]).exit_code == 2
