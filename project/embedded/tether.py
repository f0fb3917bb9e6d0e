"""Runs a command that ends when its parent does: `python tether.py COMMAND...` becomes COMMAND, by exec.

On Linux the kernel sends SIGTERM when the parent dies, however it dies; elsewhere the command runs untied.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> None:
    """Tie this process to its parent, then become `command`."""
    tie(os.getppid())
    os.execvp(command[0], command)  # noqa: S606


def tie(parent: int) -> None:
    """Let this process end when `parent` does, which is its parent; at once where that has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the parent has ended already")


if __name__ == "__main__":
    main(sys.argv[1:])
