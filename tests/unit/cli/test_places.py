"""Where the installation is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.places import resolve, supervisor_configuration, supervisor_socket
from shared.errors import ConfigurationError


def test_the_current_directorys_configuration_comes_first(tmp_path: Path) -> None:
    (tmp_path / "supervisord.conf").touch()
    assert supervisor_configuration(tmp_path) == tmp_path / "supervisord.conf"


def test_else_the_projects(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    assert supervisor_configuration(tmp_path) == root / "supervisord.conf"


def test_a_relative_data_directory_is_the_services_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "supervisord.conf").touch()
    monkeypatch.chdir(tmp_path)
    assert resolve(Path(".wasla")) == tmp_path / ".wasla"
    assert resolve(Path("/elsewhere")) == Path("/elsewhere")


def test_the_socket_is_the_one_the_configuration_names(tmp_path: Path) -> None:
    file = tmp_path / "supervisord.conf"
    file.write_text("[unix_http_server]\nfile=%(here)s/run/s.sock ; beside it\n[program:x]\ncommand=%(x)s\n")
    assert supervisor_socket(file) == tmp_path / "run/s.sock"


@pytest.mark.parametrize("text", ["", "[unix_http_server]\n", "no section"])
def test_a_configuration_without_a_socket_is_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "supervisord.conf"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"expected \[unix_http_server\] file="):
        supervisor_socket(file)


def test_a_configuration_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected supervisord's configuration at"):
        supervisor_socket(tmp_path / "supervisord.conf")
