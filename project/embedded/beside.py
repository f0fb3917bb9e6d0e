"""A piece of work in a child process, which goes on whatever its parent becomes, and ends when that ends."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from django.core.management import CommandError

from project.embedded import foreground, tether


def beside(work: Callable[[], object]) -> int:
    """Begin the work in a child and return its pid; its status is 1 where it refused or failed, which it says."""
    parent = os.getpid()
    if child := os.fork():
        return child
    status = 1
    try:
        foreground.end_on_signals()
        tether.tie(parent)
        work()
        status = 0
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)
