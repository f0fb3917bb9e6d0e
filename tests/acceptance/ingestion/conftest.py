"""Servers that several files of these tests read from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.radicale import Radicale


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    """A Radicale of the module's own."""
    running = Radicale(tmp_path_factory.mktemp("radicale"))
    running.start()
    yield running
    running.kill()
