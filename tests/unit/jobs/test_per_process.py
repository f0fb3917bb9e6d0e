"""One object per process: the same as long as the process lives, another in a process forked from it."""

from __future__ import annotations

import os

import pytest

from jobs.per_process import PerProcess


def test_a_process_has_one_and_its_child_another(monkeypatch: pytest.MonkeyPatch) -> None:
    things = PerProcess(object)
    assert things.made() is None
    first = things()
    assert things() is things.made() is first
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert things.made() is None
    assert things() is not first
