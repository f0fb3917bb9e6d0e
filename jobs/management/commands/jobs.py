"""`manage.py jobs`: everything a person may ask of the engine, from a terminal, cron or a container.

Other apps add verbs in `management.plugins.jobs`: import `Command` from here and decorate with `@Command.command()`.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from types import TracebackType
from typing import Annotated, Any

from django_typer.management import TyperCommand, command, initialize
from typer import Argument, Option

from jobs import audit, explain, operations, queries
from jobs.cli.exits import bad_usage, exit_codes, is_misuse, judge, misuse
from jobs.cli.plugins import register_verbs
from jobs.cli.printing import jobs_table, log_line, print_json, print_rich, reason_line, run_page, runs_table
from jobs.cli.reading import asker, read_arguments, read_state, read_time, read_user, shell
from jobs.errors import RefusedError
from jobs.models import Run
from jobs.models.run import Cause
from jobs.representation import details_values, job_values, run_values
from jobs.states import State

_POLL_SECONDS = 0.3

JobName = Annotated[str, Argument(metavar="NAME", help="Name of the job, as `jobs list` shows it.")]
Arguments = Annotated[
    list[str] | None,
    Option(
        "-a",
        "--arg",
        metavar="KEY=JSON",
        help="An argument of the job; repeat for more. The value is JSON; what is no JSON is taken as a string, "
        "so `-a user_id=7` is a number, `-a name=anna` and `-a 'code=\"007\"'` are strings.",
    ),
]
Owner = Annotated[str | None, Option(metavar="USER", help="User on whose behalf it runs; default: the system.")]
AsJson = Annotated[bool, Option("--json", help="Print JSON for programs.")]


class Command(TyperCommand, rich_markup_mode="markdown"):
    """Run, enqueue and inspect background jobs."""

    suppressed_base_arguments = {
        "--version",
        "--pythonpath",
        "--settings",
        "--skip-checks",
        "--no-color",
        "--force-color",
    }

    def run_from_argv(self, argv: list[str]) -> None:
        """Run the verb; the doctor's patients fail Django's own checks, which it tells among its findings."""
        if argv[2:3] == ["doctor"]:
            self.requires_system_checks = []
        super().run_from_argv(argv)  # type: ignore[no-untyped-call]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Any:
        """Give misused options and arguments their exit code; django-typer's own would be 1."""
        audit.act_as(audit.NOBODY)
        if is_misuse(error):
            raise misuse(error) from error
        return super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]

    @initialize()
    def begin(self) -> None:
        """Run, enqueue and inspect background jobs.

        Exit codes: 0 done, 1 the job failed, 2 bad usage, 3 refused by a guard.
        """
        audit.act_as(audit.Actor("cli", asker()))

    @command(name="list")
    def list_jobs(self, as_json: AsJson = False) -> None:
        """List the jobs this installation knows: queue, schedule, guards and arguments."""
        jobs = queries.all_jobs()
        if as_json:
            print_json(self.stdout, [job_values(job) for job in jobs])
        else:
            print_rich(self.stdout, jobs_table(jobs))

    @command()
    def run(
        self,
        name: JobName,
        *,
        arg: Arguments = None,
        owner: Owner = None,
        tick: Annotated[bool, Option("--tick", help="NAME is a schedule: run its fire that is due.")] = False,
        patience: Annotated[float, Option(min=0, metavar="SECONDS", help="How long to wait for a guard.")] = 0.0,
        as_json: AsJson = False,
    ) -> None:
        """Run a job here and now, recorded and guarded like any run; no broker and no worker needed.

        Made for cron and container jobs. Retries wait for their time. With --tick the fire runs once, whether this
        command or a beat is first. Exits 1 when the job failed, 3 when a guard (concurrency, unique, a paused queue,
        a fire that is another's) did not let it start.
        """
        if tick and (arg or owner):
            raise bad_usage("a schedule has its own arguments and owner: --tick goes without -a and --owner")
        with exit_codes():
            if tick:
                run = operations.run_tick_here(queries.find_schedule(name), by=shell(), patience_seconds=patience)
            else:
                run = operations.run_here(
                    name, read_arguments(arg or []), owner=read_user(owner), cause=Cause.CLI, patience_seconds=patience
                )
        self._show(run, as_json)
        judge(run)

    @command()
    def enqueue(  # noqa: PLR0913 - one option each
        self,
        name: JobName,
        *,
        arg: Arguments = None,
        eta: Annotated[str | None, Option(metavar="ISO", help="Not before this time; without zone it is UTC.")] = None,
        queue: Annotated[str | None, Option(help="Queue to use; default: the job's own.")] = None,
        priority: Annotated[int | None, Option(min=0, max=9, help="Higher starts first within a queue.")] = None,
        owner: Owner = None,
        wait: Annotated[bool, Option("--wait", help="Wait for its end, and exit by it as `jobs run` does.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Enqueue a run for the workers, at once or for later.

        Exits 3 when the job is unique and an unfinished run has its key already.
        """
        with exit_codes():
            run, is_new = operations.enqueue(
                name,
                read_arguments(arg or []),
                cause=Cause.CLI,
                owner=read_user(owner),
                eta=read_time(eta),
                queue=queue,
                priority=priority,
            )
            if not is_new:
                raise RefusedError(f"{name} was refused: run {run.pk} of the same unique key is {run.state.lower()}")
        if wait:
            run = self._wait_for(run)
        self._show(run, as_json)
        if wait:
            judge(run)

    @command()
    def show(
        self,
        run_id: Annotated[str, Argument(metavar="RUN_ID", help="Id of the run; a foreign Celery task id works too.")],
        as_json: AsJson = False,
    ) -> None:
        """Show one run: its timeline, arguments, result or error, and children."""
        with exit_codes():
            run = queries.find_run(run_id)
        self._show(run, as_json)

    @command()
    def why(
        self, run_id: Annotated[str, Argument(metavar="RUN_ID", help="Id of the run.")], as_json: AsJson = False
    ) -> None:
        """Say what keeps a run from running, the decisive reason first, and what can be done."""
        with exit_codes():
            reasons = explain.why(queries.find_run(run_id))
        if as_json:
            print_json(self.stdout, [asdict(reason) for reason in reasons])
        else:
            for reason in reasons:
                self.stdout.write(reason_line(reason))

    @command()
    def log(
        self, run_id: Annotated[str, Argument(metavar="RUN_ID", help="Id of the run.")], as_json: AsJson = False
    ) -> None:
        """Show what a run logged: its newest lines, at most RUN_LOG_LINES, over all its attempts."""
        with exit_codes():
            lines = queries.log_of(queries.find_run(run_id))
        if as_json:
            print_json(self.stdout, [asdict(line) for line in lines])
        else:
            for line in lines:
                print_rich(self.stdout, log_line(line))

    @command()
    def history(
        self,
        name: Annotated[str, Argument(metavar="[NAME]", help="Only runs of this job.")] = "",
        state: Annotated[
            str | None, Option("--state", help="A state, or waiting (not started), running, dead (failed, open).")
        ] = None,
        limit: Annotated[int, Option(min=1, max=1000, help="How many, newest first.")] = 20,
        as_json: AsJson = False,
    ) -> None:
        """List runs, newest first."""
        page = queries.history(job=name, state=read_state(state), limit=limit)
        if as_json:
            print_json(self.stdout, [run_values(run) for run in page.runs])
        else:
            print_rich(self.stdout, runs_table(page.runs))

    def _show(self, run: Run, as_json: bool) -> None:
        known = queries.details(run)
        if as_json:
            print_json(self.stdout, details_values(known))
        else:
            print_rich(self.stdout, run_page(known))

    def _wait_for(self, run: Run) -> Run:
        while not State(run.state).is_final:
            time.sleep(_POLL_SECONDS)
            run = queries.find_run(run.pk)
        return run


register_verbs()
