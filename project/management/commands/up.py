"""`manage.py up`: everything on this machine in the foreground, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections

from project.embedded import answering, credentials, exclusive, foreground, main_job, welcome
from project.embedded.beside import beside
from project.embedded.programs import HOST
from project.environment import Environment

ASK_SECONDS = 0.3
PRIVATE = 0o077


class Command(BaseCommand):
    """Prepares what a first start lacks, becomes the process that runs all others, and sees the main job through."""

    help = "Run the broker, web, workers, beat and Flower here, load the sample mailbox and run the main job on it."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP; leave no process behind."""
        environment = Environment()
        data_dir = Path(environment.data_dir).resolve()
        os.environ["DATA_DIR"] = str(data_dir)
        os.umask(PRIVATE)
        foreground.interrupt_on_signals()
        try:
            exclusive.check_port("PORT", environment.port, host=HOST)
            exclusive.check_port("FLOWER_PORT", environment.flower_port, host=HOST)
            lock = exclusive.lock(data_dir)
        except exclusive.TakenError as error:
            raise CommandError(str(error)) from error
        self._prepare(environment, data_dir)
        connections.close_all()
        observer = beside(partial(self._see_through, environment, data_dir))
        # From here on this process is project/embedded/__main__.py, the lock still its own.
        os.set_inheritable(lock.fileno(), True)
        os.execv(sys.executable, [sys.executable, "-m", "project.embedded", str(observer)])  # noqa: S606

    def _prepare(self, environment: Environment, data_dir: Path) -> None:
        if credentials.ensure(data_dir / "secrets.env"):
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - settings must see them
        self.check()
        call_command("migrate", verbosity=0)
        if welcome.ensure_admin(environment.admin_password):
            foreground.say(f"made the user admin; password: {environment.admin_password}")
        self._demo = welcome.ensure_demo_user(data_dir)

    def _see_through(self, environment: Environment, data_dir: Path) -> None:
        """Say what is awaited, and when all is ready."""
        before = ""
        try:
            for what in chain(answering.until_all_answer(environment), main_job.until_notified(self._demo)):
                if what != before:
                    foreground.say(f"waiting: {what}")
                before = what
                time.sleep(ASK_SECONDS)
        except main_job.StepFailedError as error:
            foreground.say(f"not ready: {error}")
            return
        foreground.say(
            f"ready: http://{HOST}:{environment.port}/admin/ and Flower http://{HOST}:{environment.flower_port}/"
            f" (logins: ADMIN_PASSWORD of admin, and FLOWER_BASIC_AUTH, in {data_dir / 'secrets.env'})"
        )
