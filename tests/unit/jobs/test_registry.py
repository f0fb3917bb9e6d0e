"""The list of jobs is read from Celery; asking for it again is cheap."""

from __future__ import annotations

from typing import Any

import pytest
from celery import current_app, signals

from jobs import registry


@pytest.mark.req("SW-6")
def test_modules_with_jobs_are_imported_once_however_often_the_jobs_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def note(sender: Any, **_: Any) -> None:
        asked.append(sender)

    monkeypatch.setattr(current_app.loader, "worker_initialized", False)
    signals.import_modules.connect(note)
    registry._import_jobs.cache_clear()
    try:
        assert "ingest_emails" in registry.registered()
        assert registry.registered() == registry.registered()
    finally:
        signals.import_modules.disconnect(note)
    assert len(asked) == 1
