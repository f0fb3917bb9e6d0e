"""A beat that hangs ends itself with the stacks of all its threads; one that works, or waits, is left alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jobs.scheduling.watchdog import EXIT_WEDGED

SCRIPT = """
import django, time
django.setup()
from jobs.scheduling.lane import Lane
from jobs.scheduling.role import Role
from jobs.scheduling.watchdog import Watchdog
from project.celery import app

def duty(*, now):
    time.sleep({seconds})

lanes = [Lane("good", [Role("work", 0.1, lambda *, now: 1)]), Lane("other", [Role("the duty", 0.1, duty)])]
for lane in lanes:
    lane.start(app)
Watchdog(lanes, seconds=2.0).start()
time.sleep({life})
print("alive")
"""


@pytest.mark.req("PL-5")
@pytest.mark.parametrize(("seconds", "life", "status"), [(3600, 60, EXIT_WEDGED), (0.2, 5, 0)], ids=["hung", "good"])
def test_a_beat_with_a_hung_lane_ends_itself_and_says_where(seconds: float, life: float, status: int) -> None:
    script = SCRIPT.format(seconds=seconds, life=life)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    if status:
        assert "beat is wedged" in done.stderr
        assert "role='the duty'" in done.stderr
        assert "in duty" in done.stderr
    else:
        assert done.stdout == "alive\n"
