"""The rest of `manage.py up` once all is prepared: runs the programs, repeats their logs, stops them.

It waits for days, so it loads no Django: `python -m project.embedded OBSERVER`, the child that says when all is ready.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from project.embedded import foreground, valkey
from project.embedded.machine import EndedError, Machine
from project.embedded.programs import programs
from project.environment import Environment

REFUSALS = (valkey.NoServerError, valkey.PathTooLongError, EndedError)
LOOK_SECONDS = 0.3


def main(observer: int) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP; leave no process behind."""
    foreground.interrupt_on_signals()
    environment = Environment()
    try:
        with Machine(programs(environment), data_dir=Path(environment.data_dir), write=foreground.say) as machine:
            _wait_for(observer, machine)
            while True:
                machine.wait(seconds=3600)
    except REFUSALS as error:
        sys.exit(str(error))


def _wait_for(observer: int, machine: Machine) -> None:
    while (ended := os.waitpid(observer, os.WNOHANG)) == (0, 0):
        machine.wait(LOOK_SECONDS)
    if status := os.waitstatus_to_exitcode(ended[1]):
        raise EndedError(f"what waits for all to be ready ended with status {status}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
