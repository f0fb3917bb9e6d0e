"""The embedded broker's server and its command."""

import stat
from pathlib import Path

import pytest

from project.embedded import valkey


def test_the_broker_has_no_port_and_a_private_folder(tmp_path: Path) -> None:
    socket = Path("broker") / "broker.sock"
    words = valkey.command(Path("/bin/server"), tmp_path / socket)
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert words[0] == "/bin/server"
    assert options["--port"] == "0"
    assert options["--unixsocket"] == str(tmp_path / socket)
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    assert stat.S_IMODE((tmp_path / "broker").stat().st_mode) == 0o700


def test_a_folder_too_deep_for_a_socket_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 110)
    with pytest.raises(valkey.PathTooLongError, match="choose a shorter DATA_DIR"):
        valkey.command(Path("/bin/server"), deep / "broker.sock")
    assert not deep.exists()


def _server(folder: Path, name: str, *, status: int) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)
    return path


def _only(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)


def test_without_the_wheel_a_server_on_the_path_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _server(tmp_path, "valkey-server", status=1)
    works = _server(tmp_path, "redis-server", status=0)
    _only(monkeypatch, tmp_path)
    assert valkey.find_server() == works


def test_without_any_server_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _only(monkeypatch, tmp_path)
    with pytest.raises(valkey.NoServerError, match="valkey-server or redis-server is missing"):
        valkey.find_server()
