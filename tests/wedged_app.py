"""The app under test with a beat that hangs, for ever, as soon as a schedule fires."""

import time

from jobs import faultpoints
from project.celery import app
from tests import app as _app_under_test


def _hang(point: str) -> None:
    if point == "after fire":
        time.sleep(3600)


assert _app_under_test
faultpoints.install(_hang)
__all__ = ["app"]
