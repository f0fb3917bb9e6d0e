"""What sessions with the database begin with."""

from __future__ import annotations

import pytest
from django.db import connection

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PL-4")]


@pytest.mark.parametrize(("pooled", "jit"), [(False, "off"), (True, "on")])
def test_statements_are_compiled_only_where_a_pooler_hands_sessions_on(
    monkeypatch: pytest.MonkeyPatch, *, pooled: bool, jit: str
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("compiling is PostgreSQL's")
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", pooled)
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == (jit,)
    connection.close()
