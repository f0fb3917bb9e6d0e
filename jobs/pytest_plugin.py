"""pytest fixtures over jobs.testing; switch them on with `pytest_plugins = ["jobs.pytest_plugin"]`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from jobs import testing
from jobs.models import Run


@pytest.fixture
def run_job(db: None) -> Callable[..., Run]:
    """Return jobs.testing.run_job, in the test's transaction."""
    return testing.run_job


@pytest.fixture
def drain_jobs(db: None) -> Callable[..., int]:
    """Return jobs.testing.drain, in the test's transaction."""
    return testing.drain


@pytest.fixture
def job_fault() -> Callable[..., AbstractContextManager[None]]:
    """Return jobs.testing.fault: strike when a named point of a run's life is reached."""
    return testing.fault
