"""The client key: where it is found, what is refused, and that it shows nowhere."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from shared.access.client_key import ClientKey, client_key, write_client_key
from shared.access.own_tools import introduction
from shared.access.settings import AccessSettings
from shared.errors import ConfigurationError, WaslaError


def settings(tmp_path: Path, **fields: Any) -> AccessSettings:
    return AccessSettings(data_dir=tmp_path, **{"client_key": None, "client_key_file": None, **fields})


def test_a_key_that_is_made_is_read_and_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "new" / "client.key"
    write_client_key(path)
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(text.splitlines()) == 1
    key = client_key(settings(path.parent))
    assert key is not None
    assert key.is_same(text.strip())


def test_another_key_is_made_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "client.key"
    write_client_key(path)
    former = path.read_text()
    with pytest.raises(WaslaError, match="there is a key at"):
        write_client_key(path)
    assert path.read_text() == former
    write_client_key(path, replace=True)
    assert path.read_text() != former


def test_without_a_file_there_is_none_unless_one_was_named(tmp_path: Path) -> None:
    assert client_key(settings(tmp_path)) is None
    with pytest.raises(ConfigurationError, match=r"WASLA_CLIENT_KEY_FILE: .*wasla keys --only clients"):
        client_key(settings(tmp_path, client_key_file=tmp_path / "elsewhere"))


@pytest.mark.parametrize("text", ["", "password", "k" * 31, "k" * 513, "k k" * 20, "ü" * 40])
def test_a_weak_key_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    path = tmp_path / "client.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="32 to 512 visible") as caught:
        client_key(settings(tmp_path))
    assert not text or text not in str(caught.value)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "client.key"
    write_client_key(path)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        client_key(settings(tmp_path))


def test_the_variable_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_client_key(tmp_path / "client.key")
    monkeypatch.setenv("WASLA_CLIENT_KEY", "v" * 40)
    loaded = AccessSettings(data_dir=tmp_path)
    key = client_key(loaded)
    assert key is not None
    assert key.is_same("v" * 40)
    assert "v" * 40 not in repr(loaded) + repr(key) + repr(introduction(loaded)) + str(loaded.model_dump())


def test_what_is_presented_may_be_anything() -> None:
    key = ClientKey("k" * 32)
    for presented in ("", "\x00", "\ud800", "é", "k" * 100_000):
        assert not key.is_same(presented)
