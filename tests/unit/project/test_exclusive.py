"""One `up` per data folder, one listener per port."""

import socket
from pathlib import Path

import pytest

from project.embedded import exclusive


def test_a_taken_port_is_refused_by_the_name_of_its_variable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(exclusive.TakenError, match=rf"127\.0\.0\.1:{port} .*Set FLOWER_PORT to a free port"):
            exclusive.check_port("FLOWER_PORT", port, host="127.0.0.1")
    exclusive.check_port("FLOWER_PORT", port, host="127.0.0.1")


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_cannot_be_is_refused_likewise(port: int) -> None:
    with pytest.raises(exclusive.TakenError, match="Set PORT to a free port"):
        exclusive.check_port("PORT", port, host="127.0.0.1")


def test_a_data_folder_is_locked_until_its_up_ends(tmp_path: Path) -> None:
    with exclusive.lock(tmp_path), pytest.raises(exclusive.TakenError, match="Stop it, or set DATA_DIR"):
        exclusive.lock(tmp_path)
    exclusive.lock(tmp_path).close()
