"""The test database: on SQLite a file, so that processes see what the test sees; on a server, a name of its own."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from tests.plugins.environment import SCRATCH


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Name the test database before it is made; xdist workers have a scratch folder each."""
    database: dict[str, Any] = settings.DATABASES["default"]
    name = str(SCRATCH / "test.sqlite3")
    if "sqlite" not in database["ENGINE"]:
        name = "test_" + "_".join(SCRATCH.parts[-2:]).replace("-", "_")
    database.setdefault("TEST", {})["NAME"] = name
