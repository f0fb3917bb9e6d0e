"""The thread that minds packs looks at each while it lasts, and for a moment after the last, then sleeps."""

from __future__ import annotations

import threading

import pytest

from jobs import minding
from jobs.minding import Minder
from tests.plugins.polling import poll


class Pack:
    def __init__(self) -> None:
        self.was_minded = threading.Event()

    def mind(self) -> None:
        self.was_minded.set()


@pytest.mark.parametrize("linger_seconds", [0.0, 60.0])
def test_a_pack_is_minded_whether_the_thread_sleeps_or_still_looks(
    linger_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minding, "LINGER_SECONDS", linger_seconds)
    minder = Minder()
    for _ in range(3):
        pack = Pack()
        with minder.minding(pack):
            assert pack.was_minded.wait(10)
        if not linger_seconds:
            poll(lambda: minder._sleeps)
    assert minder._sleeps is not bool(linger_seconds)
    assert not minder._packs
