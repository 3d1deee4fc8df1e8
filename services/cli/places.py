"""Where the installation is: the project's directory, the data directory, supervisord's socket.

``supervisord.conf`` names the directory that every service runs in, so relative paths mean that directory for the
command line too, whatever directory it is called from.
"""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import TypeVar

from shared.errors import ConfigurationError
from shared.settings import Settings

SettingsT = TypeVar("SettingsT", bound=Settings)

CONFIGURATION = "supervisord.conf"
_PROJECT = Path(__file__).resolve().parents[2]


def supervisor_configuration(directory: Path | None = None) -> Path:
    """Return the ``supervisord.conf`` of the current directory, else of the project this command belongs to."""
    here = (directory or Path.cwd()) / CONFIGURATION
    return here if here.is_file() else _PROJECT / CONFIGURATION


def resolve(path: Path) -> Path:
    """Return *path* as the services see it: a relative one under the directory of ``supervisord.conf``."""
    return path if path.is_absolute() else supervisor_configuration().parent / path


def in_place(settings: SettingsT, *names: str) -> SettingsT:
    """Return settings with the files of these fields, where they are set, as the services see them."""
    files = {name: getattr(settings, name) for name in names}
    return settings.model_copy(update={name: path and resolve(path) for name, path in files.items()})


def supervisor_socket(configuration: Path) -> Path:
    """Return the unix socket that *configuration* has supervisord listen on; ConfigurationError where it names none."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",), strict=False)
    try:
        parser.read_string(configuration.read_text(encoding="utf-8"))
        file = parser.get("unix_http_server", "file")
    except OSError as error:
        raise ConfigurationError(f"expected supervisord's configuration at {configuration}, but {error}") from None
    except configparser.Error as error:
        raise ConfigurationError(f"expected [unix_http_server] file=... in {configuration}, but {error}") from None
    return Path(file.replace("%(here)s", str(configuration.resolve().parent)))
