"""`manage.py up`: everything on this machine in the foreground, until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, call_command

from project.embedded import answering, credentials, exclusive, foreground, main_job, valkey, welcome
from project.embedded.apart import apart
from project.embedded.machine import EndedError, Machine
from project.embedded.programs import HOST, programs
from project.environment import Environment

REFUSALS = (exclusive.TakenError, valkey.NoServerError, valkey.PathTooLongError, EndedError)
ASK_SECONDS = 0.3
PRIVATE = 0o077


class Command(BaseCommand):
    """Prepares what a first start lacks, runs all processes, and sees the main job through."""

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
            with exclusive.lock(data_dir):
                self._prepare(environment, data_dir)
                self._run(environment, data_dir)
        except REFUSALS as error:
            raise CommandError(str(error)) from error

    def _prepare(self, environment: Environment, data_dir: Path) -> None:
        if credentials.ensure(data_dir / "secrets.env"):
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - settings must see them
        # The checks load all that serves the web, which this process would keep for as long as it waits.
        if not apart(self.check):
            raise CommandError("not started: the checks above must pass")
        call_command("migrate", verbosity=0)
        if welcome.ensure_admin(environment.admin_password):
            self._say(f"made the user admin; password: {environment.admin_password}")
        self._demo = welcome.ensure_demo_user(data_dir)

    def _run(self, environment: Environment, data_dir: Path) -> None:
        with Machine(programs(environment), data_dir=data_dir, write=self._say) as machine:
            try:
                awaited = chain(answering.until_all_answer(environment), main_job.until_notified(self._demo))
                self._await(machine, awaited)
            except main_job.StepFailedError as error:
                self._say(f"not ready: {error}")
            else:
                self._say(
                    f"ready: http://{HOST}:{environment.port}/admin/ and Flower http://{HOST}:{environment.flower_port}/"
                    f" (logins: ADMIN_PASSWORD of admin, and FLOWER_BASIC_AUTH, in {data_dir / 'secrets.env'})"
                )
            while True:
                machine.wait(seconds=3600)

    def _await(self, machine: Machine, awaited: Iterator[str]) -> None:
        before = ""
        for what in awaited:
            if what != before:
                self._say(f"waiting: {what}")
            before = what
            machine.wait(ASK_SECONDS)

    def _say(self, line: str) -> None:
        # A terminal that is gone must not keep the processes from being stopped.
        with contextlib.suppress(OSError):
            self.stdout.write(line)
            self.stdout.flush()
