"""The test database: on SQLite a file, so that processes see what the test sees; on a server, a name of its own."""

from __future__ import annotations

import pytest
from django.conf import settings

from tests.plugins.environment import SCRATCH


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Name the test database before it is made; xdist workers have a scratch folder each."""
    database = settings.DATABASES["default"]
    test = database.setdefault("TEST", {})
    if "sqlite" in database["ENGINE"]:
        test["NAME"] = str(SCRATCH / "test.sqlite3")
    else:
        test["NAME"] = "test_" + "_".join(SCRATCH.parts[-2:]).replace("-", "_")
