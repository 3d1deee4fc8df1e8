"""nginx with the module nchan, which Debian ships: events come by HTTP POST, clients by WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from tests.benchmarks.children import child, free_port
from tests.benchmarks.load.generator import DEFLATE, Approach
from tests.benchmarks.peers.contract import Place, Running
from tests.benchmarks.peers.feeds import PostFeed

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
CONFIGURATION = """
load_module {module};
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 40000;
pid {directory}/nginx.pid;
error_log {directory}/nginx-error.log warn;
events {{ worker_connections 20000; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    keepalive_requests 1000000000;
    nchan_shared_memory_size 512M;
    server {{
        listen 127.0.0.1:{port} backlog=4096 sndbuf=64k;
        location = /publish {{
            nchan_publisher http;
            nchan_channel_id events;
            nchan_deflate_message_for_websocket {deflate};
            nchan_message_buffer_length 5000;
            nchan_message_timeout 60s;
        }}
        location = / {{
            nchan_subscriber websocket;
            nchan_channel_id events;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"""


class Nchan:
    """One worker of nginx, configured as nchan's own documentation does it.

    ``deflates``: clients offer permessage-deflate and nginx compresses each event when it is published, once for all.
    """

    def __init__(self, name: str = "nginx + nchan", *, deflates: bool = False) -> None:
        self.name = name
        self._deflates = deflates

    def missing(self) -> str | None:
        """Both come with one package."""
        if shutil.which("nginx", path="/usr/sbin:/usr/bin") and MODULE.exists():
            return None
        return "install it: apt-get install libnginx-mod-nchan"

    @contextlib.asynccontextmanager
    async def running(self, place: Place) -> AsyncIterator[Running]:
        """Run nginx in the foreground with everything it writes in the directory."""
        port = free_port()
        file = place.directory / "nginx.conf"
        deflate = "on" if self._deflates else "off"
        file.write_text(CONFIGURATION.format(module=MODULE, directory=place.directory, port=port, deflate=deflate))
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx"
        with child([program, "-c", file, "-p", place.directory], place.directory, core=place.core) as process:
            await asyncio.to_thread(process.wait_for_port, port)
            approach = Approach(headers=[DEFLATE] if self._deflates else [])
            yield Running(process, port, approach, PostFeed(port))
