"""Daybook's engine: every job is a row before it is a message. Knows no application.

Authors import from here; the names are loaded on first use, since models need Django to be set up.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.context import current_run as current_run
    from jobs.declaring import job as job
    from jobs.errors import PermanentError as PermanentError
    from jobs.errors import Snooze as Snooze
    from jobs.errors import TransientError as TransientError
    from jobs.policies import Concurrency as Concurrency
    from jobs.policies import Misfire as Misfire
    from jobs.policies import Overlap as Overlap
    from jobs.policies import RateLimit as RateLimit
    from jobs.policies import Retry as Retry
    from jobs.policies import Unique as Unique
    from jobs.policies import crontab as crontab
    from jobs.policies import every as every
    from jobs.task import Job as Job

_HOME = {
    "job": "jobs.declaring",
    "Job": "jobs.task",
    "current_run": "jobs.context",
    "PermanentError": "jobs.errors",
    "Snooze": "jobs.errors",
    "TransientError": "jobs.errors",
    "Concurrency": "jobs.policies",
    "Misfire": "jobs.policies",
    "Overlap": "jobs.policies",
    "RateLimit": "jobs.policies",
    "Retry": "jobs.policies",
    "Unique": "jobs.policies",
    "crontab": "jobs.policies",
    "every": "jobs.policies",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'jobs' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
