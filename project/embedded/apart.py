"""A piece of work in a process of its own, so that what it loads is gone with it."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from django.core.management import CommandError


def apart(work: Callable[[], object]) -> bool:
    """Do the work in a child of this process and wait for it; False when it refused, which it has said then."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except CommandError as error:
            sys.stderr.write(f"{error}\n")
        except Exception:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0
