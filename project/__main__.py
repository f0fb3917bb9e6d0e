"""`python -m project worker` and `python -m project beat`; a worker that SIGHUP restarts runs this file by its path."""

import sys
from pathlib import Path

if not __package__:
    # Python then looks in this folder first, where celery.py is ours.
    here = Path(__file__).resolve().parent
    sys.path = [str(here.parent), *(folder for folder in sys.path if Path(folder).resolve() != here)]

if __name__ == "__main__":
    from celery import maybe_patch_concurrency

    # What a pool of greenlets patches must not be in use yet.
    maybe_patch_concurrency()

    from project.command_line import daybook

    daybook(auto_envvar_prefix="CELERY", prog_name="python -m project")
