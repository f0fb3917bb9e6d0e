"""The person at the admin, as operations know who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

from jobs.models.run import Cause
from jobs.operations import Asker

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def asker_of(request: HttpRequest) -> Asker:
    """Return who asks."""
    return Asker(cause=Cause.ADMIN, user=cast("User", request.user))
