"""The second of two machines: gateways and a monitor by docs/deploy/gateways.conf, beside a whole fleet."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.deploy.rendering import rendered
from tests.e2e.fleet import Fleet
from tests.ports import free_ports
from tests.supervised import DEADLINE, Supervised

PREFIX = "b"
"""How its gateways are called: machines differ in their host names, these two have but one."""


class GatewayMachine(Supervised):
    """Gateways at a port of their own, which hear the fleet's listener."""

    @property
    def port(self) -> int:
        """Where clients connect to."""
        return int(self.variables["WASLA_PORT"])

    def lay_out(self) -> None:
        """Put the machine's own configuration into the place of the whole fleet's."""
        Supervised.lay_out(self)
        text = rendered(
            "gateways.conf", {"process_name = %(program_name)s-": f"process_name = {PREFIX}-%(program_name)s-"}
        )
        (self.directory / "supervisord.conf").write_text(text, encoding="utf-8")

    def serves(self, gateway: str) -> bool:
        """Tell whether a client that is connected to *gateway* is here."""
        return gateway.startswith(f"gateway:{PREFIX}-")

    def stop_gateways(self) -> None:
        """End them as the system does, and return when they have gone."""
        with self.rpc() as rpc:
            rpc.supervisor.stopProcessGroup("gateway")

    def start_gateways(self) -> None:
        """Start them, and return when they run."""
        with self.rpc() as rpc:
            rpc.supervisor.startProcessGroup("gateway")
        self.wait_for("the other machine is ready", self.is_ready)

    def kill_gateways(self) -> None:
        """End them as a machine that is lost does; supervisord starts others."""
        for name, info in self.programs().items():
            if self.serves(f"gateway:{name}") and info["pid"]:
                os.kill(info["pid"], signal.SIGKILL)

    def close(self) -> None:
        """End everything at once: nothing here is kept."""
        assert self.supervisord is not None
        supervisord = psutil.Process(self.supervisord.pid)
        processes = [supervisord, *supervisord.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.supervisord.wait(DEADLINE)
        psutil.wait_procs(processes[1:], DEADLINE)


@contextmanager
def gateway_machine(fleet: Fleet) -> Iterator[GatewayMachine]:
    """Run the machine until the block ends."""
    with tempfile.TemporaryDirectory(prefix="wasla-b-", dir="/tmp", ignore_cleanup_errors=True) as name:
        first = free_ports(3)
        variables = {
            **fleet.variables,
            "WASLA_DATABASE_URL": fleet.database_url,
            "WASLA_PORT": str(first),
            "WASLA_STATUS_PORT": str(first + 1),
            "WASLA_HEARTBEAT_ADDRESS": f"tcp://127.0.0.1:{first + 2}",
        }
        machine = GatewayMachine(Path(name), variables)
        machine.lay_out()
        machine.start()
        try:
            machine.wait_for("the other machine is ready", machine.is_ready)
            yield machine
        except BaseException:
            sys.stdout.write(machine.log)
            raise
        finally:
            machine.close()
