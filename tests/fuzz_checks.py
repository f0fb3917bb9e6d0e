"""What schemathesis checks of every answer beyond the schema: nothing of another user's is in it."""

from __future__ import annotations

import os
from typing import Any

import schemathesis


@schemathesis.check
def shows_nothing_foreign(ctx: Any, response: Any, case: Any) -> None:
    """Fail when an answer holds the mark of another user's runs."""
    mark = os.environ.get("FOREIGN_MARK")
    if mark and mark in response.text and mark not in str(case.as_transport_kwargs()):
        raise AssertionError(f"{mark} is another user's")
