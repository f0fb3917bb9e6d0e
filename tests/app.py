"""The project's Celery app with the jobs under test beside its own; for subprocess workers and beats.

MACHINE in the environment makes a process one of another machine, of which a beat knows nothing but its heartbeat.
TEST_BUSY_MILLISECONDS shortens how long SQLite itself waits for a lock, so that a test needn't wait longer.
"""

import os
from typing import Any

from django.conf import settings

from project.celery import app

if os.environ.get("MACHINE"):
    settings.DAYBOOK["machine"] = os.environ["MACHINE"]
app.conf.imports = ("tests.tasks_for_tests",)

if (busy := os.environ.get("TEST_BUSY_MILLISECONDS")) and "sqlite" in str(settings.DATABASES["default"]["ENGINE"]):
    options: Any = settings.DATABASES["default"]["OPTIONS"]
    options["timeout"] = float(busy) / 1000
    options["init_command"] = f"PRAGMA journal_mode=WAL; PRAGMA busy_timeout={busy};"
