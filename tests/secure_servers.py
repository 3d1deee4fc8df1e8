"""A PostgreSQL server that takes TCP by TLS alone, and knows who comes by their certificate.

Its version is the older one: the embedded server, which is 18 where no other is installed, is built without TLS.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.certificates import Authority, Files
from tests.servers import VERSIONS, Server, temporary_server

WHO_MAY_COME = """
local   all all          trust
hostssl all postgres all scram-sha-256
hostssl all all      all cert
"""


@dataclass(frozen=True, slots=True)
class SecureServer:
    """The server, whose certificate is for 127.0.0.1 and of ``authority``."""

    server: Server
    authority: Authority

    def url(
        self, user: str, database: str, *, host: str = "127.0.0.1", mode: str = "verify-full", **files: Path
    ) -> str:
        """Return the URL of *database* by TLS; *files* are ``sslrootcert``, ``sslcert`` and the like."""
        options = {"sslmode": mode, "sslrootcert": self.authority.cert, **files}
        return f"postgresql://{user}@{host}:{self.server.port}/{database}?{urlencode(options)}"

    def issue(self, user: str) -> Files:
        """Issue what *user* comes by."""
        return self.authority.issue(user)


@contextmanager
def secure_server() -> Iterator[SecureServer]:
    """Run one for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="wasla-tls-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        authority = Authority(directory)
        own = authority.issue("server", "127.0.0.1")
        rules = directory / "pg_hba.conf"
        rules.write_text(WHO_MAY_COME)
        if os.geteuid() == 0:
            shutil.chown(own.key, "postgres")
        files = {"ssl_cert_file": own.cert, "ssl_key_file": own.key, "ssl_ca_file": authority.cert, "hba_file": rules}
        settings = {setting: str(path) for setting, path in files.items()}
        with temporary_server(VERSIONS[0], ssl="on", **settings) as server:
            yield SecureServer(server, authority)
