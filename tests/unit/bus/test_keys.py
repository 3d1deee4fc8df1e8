"""The key file: made once, for its owner alone, read or refused with a sentence."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
import zmq

from shared.bus.keys import BusKey, bus_key, read_key, write_key
from shared.bus.settings import BusSettings
from shared.errors import BusError, ConfigurationError

RFC_PUBLIC, RFC_SECRET = b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", b"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
"""The server's pair in the example of RFC 26."""


def test_a_written_key_is_read(tmp_path: Path) -> None:
    write_key(tmp_path / "made" / "bus.key")
    key = read_key(tmp_path / "made" / "bus.key")
    assert zmq.curve_public(key.secret) == key.public
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["bus.key"]


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_key(tmp_path / "bus.key")
    assert stat.S_IMODE((tmp_path / "bus.key").stat().st_mode) == 0o600


def test_it_is_never_overwritten_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "bus.key"
    write_key(path)
    former = path.read_text()
    with pytest.raises(BusError, match=r"there is a key at .* already"):
        write_key(path)
    assert path.read_text() == former
    write_key(path, replace=True)
    assert path.read_text() != former
    assert list(tmp_path.iterdir()) == [path]


def test_where_it_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BusError, match="cannot be written to"):
        write_key(tmp_path / "file" / "in" / "bus.key")


def test_the_pair_is_curves() -> None:
    key = BusKey.of(zmq.utils.z85.decode(RFC_SECRET))
    assert (key.public, key.secret) == (RFC_PUBLIC, RFC_SECRET)
    assert RFC_SECRET.decode() not in repr(key)


@pytest.mark.parametrize(
    "text", ["", "wasla-bus-key 1", "wasla-bus-key 1 " + "0" * 63, "wasla-bus-key 2 " + "0" * 64, "é" * 80, "a\n" * 90]
)
def test_what_is_no_key_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bus.key"
    path.touch(0o600)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"expected the line that wasla keys writes in .*; copy"):
        read_key(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "bus.key"
    write_key(path)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=rf"its mode is {mode:04o}; run chmod 600 {re.escape(str(path))}"):
        read_key(path)


def test_the_default_place_may_be_empty(tmp_path: Path) -> None:
    settings = BusSettings(data_dir=tmp_path)
    assert bus_key(settings) is None
    write_key(tmp_path / "bus.key")
    assert bus_key(settings) == read_key(tmp_path / "bus.key")


def test_a_configured_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"WASLA_BUS_KEY_FILE: expected a key file at \S+/other"):
        bus_key(BusSettings(data_dir=tmp_path, bus_key_file=tmp_path / "other"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        bus_key(BusSettings(bus_key_file=tmp_path))
