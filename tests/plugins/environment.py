"""Points settings at a scratch folder before Django loads, so that no test sees this machine's own data or secrets."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _scratch() -> Path:
    """Make a folder per pytest process, xdist's workers below their controller's, which removes them all."""
    if (base := os.environ.get("DAYBOOK_TEST_SCRATCH")) is None or "PYTEST_XDIST_WORKER" not in os.environ:
        # Directly in /tmp where there is one: the path of a unix socket must be short.
        base = os.environ["DAYBOOK_TEST_SCRATCH"] = tempfile.mkdtemp(prefix="daybook-")
        atexit.register(shutil.rmtree, base, ignore_errors=True)
    folder = Path(base) / os.environ.get("PYTEST_XDIST_WORKER", "main")
    folder.mkdir(exist_ok=True)
    return folder


SCRATCH = _scratch()

os.environ.update(
    {
        "DATA_DIR": str(SCRATCH),
        "DEBUG": "0",
        "SECRET_KEY": "only-for-tests-and-long-enough-to-be-accepted-as-one",
        "FIELD_ENCRYPTION_KEYS": "dGVzdHMtb25seS1hbmQtbm90LXNlY3JldC1hdC1hbGw=",
        "MESSAGE_SIGNING_KEYS": "",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "EMAIL_URL": "",
        "LLM_MODEL": "rules",
        "RUN_LOG_LINES": "0",
        "LOG_LEVEL": "INFO",
        "TIME_ZONE": "UTC",
        "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", f"sqlite:///{SCRATCH / 'unused.sqlite3'}"),
        "BROKER_URL": os.environ.get("TEST_BROKER_URL", ""),
    }
)
