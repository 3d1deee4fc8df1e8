"""nginx and HAProxy in front of two machines, by the very configurations of docs/deploy."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.certificates import Files
from tests.deploy.rendering import rendered, require
from tests.supervised import DEADLINE

IDLE_TIMEOUT = 6
"""Seconds of silence that the proxies are told to bear, in place of the minute that they ship with."""

NAME = "wasla.example"
"""The name of the files, which tests keep."""


class Ports(NamedTuple):
    """Where the two machines are on 127.0.0.1, and where a proxy is to listen there.

    At ``host``, another loopback address, it listens on the gateways' port, as a proxy on a machine of its own does.
    """

    machine_a: int
    machine_b: int
    status: int
    front: int
    front_status: int
    host: str


@dataclass(slots=True)
class Front:
    """A running proxy. ``reload_signal`` makes it read its configuration anew."""

    name: str
    ports: Ports
    certificate: Path
    directory: Path
    reload_signal: signal.Signals
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"wss://127.0.0.1:{self.ports.front}"

    @property
    def status_url(self) -> str:
        """Where the status page is."""
        return f"https://127.0.0.1:{self.ports.front_status}"

    @property
    def log(self) -> str:
        """Everything it wrote."""
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def get(self, path: str, *, source: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
        """Return code and text of the status page's answer to somebody at *source*."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.ports.front_status, timeout=DEADLINE, context=context, source_address=(source, 0)
        )
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def is_up(self) -> bool:
        """Tell whether it answers for the machine behind it."""
        try:
            return self.get("/healthz")[0] == http.client.OK
        except OSError:
            return False

    def workers(self) -> set[int]:
        """Return its processes that serve, those that are only waiting for their last client included."""
        return {child.pid for child in psutil.Process(self.process.pid).children()}

    def reload(self) -> set[int]:
        """Reload, wait until other processes serve than before, and return those that did."""
        former = self.workers()
        self.process.send_signal(self.reload_signal)
        deadline = time.monotonic() + DEADLINE
        while not self.workers() - former:
            assert time.monotonic() < deadline, f"{self.name} has not reloaded: {self.log}"
            time.sleep(0.02)
        return former


def front_text(name: str, ports: Ports, directory: Path) -> str:
    """Return the configuration of ``nginx`` or ``haproxy`` for these ports, with its files in *directory*."""
    places = {"nginx": _nginx_places, "haproxy": _haproxy_places}[name](ports, directory)
    return rendered({"nginx": "nginx.conf", "haproxy": "haproxy.cfg"}[name], places)


@contextmanager
def running_front(name: str, ports: Ports, files: Files, directory: Path) -> Iterator[Front]:
    """Run ``nginx`` or ``haproxy`` until the block ends; in *directory* everything it keeps."""
    directory.mkdir()
    shutil.copy(files.cert, directory / "proxy.crt")
    shutil.copy(files.key, directory / "proxy.key")
    (directory / "proxy.pem").write_text(files.cert.read_text() + files.key.read_text())
    configuration = directory / "configuration"
    configuration.write_text(front_text(name, ports, directory), encoding="utf-8")
    commands = {
        "nginx": ["-c", configuration, "-e", directory / "log", "-g", "daemon off;"],
        "haproxy": ["-W", "-f", configuration],
    }
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen([require(name, name), *commands[name]], stdout=log, stderr=log, cwd="/")
    hangup = {"nginx": signal.SIGHUP, "haproxy": signal.SIGUSR2}[name]
    try:
        yield Front(name, ports, files.cert, directory, hangup, process)
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE)
        finally:
            process.kill()


def _shared_places(ports: Ports, directory: Path) -> Mapping[str, str]:
    return {
        "10.0.0.1:8765": f"127.0.0.1:{ports.machine_a}",
        "10.0.0.2:8765": f"127.0.0.1:{ports.machine_b}",
        "10.0.0.1:8766": f"127.0.0.1:{ports.status}",
        "10.0.0.0/8": "127.0.0.1/32",
        "/etc/wasla/": f"{directory}/",
    }


def _nginx_places(ports: Ports, directory: Path) -> Mapping[str, str]:
    kept = "".join(
        f"{what}_temp_path {directory}/{what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    root = {} if os.geteuid() == 0 else {"user www-data;": ""}
    return {
        **_shared_places(ports, directory),
        **root,
        "listen 443 ssl": f"listen 127.0.0.1:{ports.front} ssl",
        "listen 8765 ssl": f"listen {ports.host}:{ports.machine_a} ssl",
        "listen 8766 ssl;": f"listen 127.0.0.1:{ports.front_status} ssl; listen {ports.host}:{ports.front_status} ssl;",
        "/run/nginx.pid": f"{directory}/pid",
        "/var/log/nginx/error.log": f"{directory}/log",
        "/var/log/nginx/access.log": f"{directory}/access.log",
        "worker_processes auto;": "worker_processes 2;",
        "fail_timeout=5s": "fail_timeout=1s",
        "worker_rlimit_nofile 131072;": "",
        "worker_connections 65536;": "worker_connections 1024;",
        "http {\n": f"http {{ {kept}\n",
        "proxy_read_timeout 60s;": f"proxy_read_timeout {IDLE_TIMEOUT}s;",
        "proxy_send_timeout 60s;": f"proxy_send_timeout {IDLE_TIMEOUT}s;",
    }


def _haproxy_places(ports: Ports, directory: Path) -> Mapping[str, str]:
    root = {
        "chroot /var/lib/haproxy": "" if os.geteuid() else f"chroot {directory}",
        "    user haproxy\n    group haproxy\n": "" if os.geteuid() else "    user haproxy\n    group haproxy\n",
    }
    return {
        **_shared_places(ports, directory),
        **root,
        "bind :443 ssl": f"bind 127.0.0.1:{ports.front} ssl",
        "bind :8765 ssl": f"bind {ports.host}:{ports.machine_a} ssl",
        "bind :8766 ssl": f"bind 127.0.0.1:{ports.front_status},{ports.host}:{ports.front_status} ssl",
        "maxconn 60000": "maxconn 1000",
        "timeout tunnel 60s": f"timeout tunnel {IDLE_TIMEOUT}s",
        "timeout client 60s": f"timeout client {IDLE_TIMEOUT}s",
        "timeout server 60s": f"timeout server {IDLE_TIMEOUT}s",
    }
