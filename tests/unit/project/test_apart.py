"""Work done in a child of this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from project.embedded.apart import apart


def _refuse() -> None:
    raise CommandError("no door is locked")


def _fail() -> None:
    raise OSError("away")


def test_what_is_done_apart_is_done_and_leaves_nothing_here(tmp_path: Path) -> None:
    seen: list[str] = []

    def note() -> None:
        seen.append("there")
        (tmp_path / "note").write_text("done")

    assert apart(note)
    assert (seen, (tmp_path / "note").read_text()) == ([], "done")


def test_a_refusal_is_said_and_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert not apart(_refuse)
    assert "no door is locked" in capfd.readouterr().err


def test_any_other_error_is_a_refusal_too_and_told_whole(capfd: pytest.CaptureFixture[str]) -> None:
    assert not apart(_fail)
    assert "OSError: away" in capfd.readouterr().err
