"""`manage.py jobs doctor | health | check-inflight`: whether all is well; exits 1 when it isn't."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from django.core.management import CommandError
from typer import Option

from jobs import doctor as doctors
from jobs import health as probes
from jobs import inflight
from jobs import probes as trials
from jobs.cli.exits import FAILED
from jobs.cli.printing import print_json, print_rich, stdout
from jobs.cli.tables import findings_table, misfits_table
from jobs.management.commands.jobs import AsJson, Command


@Command.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Examine everything jobs need, and say of what is wrong how to mend it. Exits 1 when something is."""
    findings = doctors.examine()
    if as_json:
        print_json(stdout(), [asdict(finding) for finding in findings])
    else:
        print_rich(stdout(), findings_table(findings))
    if wrong := [finding.part for finding in findings if not finding.ok]:
        raise CommandError(f"{len(wrong)} of {len(findings)} need mending: {', '.join(wrong)}", returncode=FAILED)


@Command.command()
def health(  # noqa: PLR0913 - one option each
    *,
    worker: Annotated[
        bool, Option("--worker", help="Only this machine's workers: do they report, do they answer over the broker?")
    ] = False,
    node: Annotated[str, Option(metavar="NAME", help="With --worker: only the worker of that name.")] = "",
    beat: Annotated[bool, Option("--beat", help="Only beat: does one report, and is it not late?")] = False,
    canary: Annotated[
        bool, Option("--canary", help="Also send a run through a queue, with --beat by way of beat, and wait for it.")
    ] = False,
    queue: Annotated[str, Option(help="The queue that --canary takes; default: the default queue.")] = "",
    timeout: Annotated[float, Option(min=1, max=600, metavar="SECONDS", help="How long --canary waits.")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Answer a probe: whether work goes through. Exits 1 when it doesn't, and says what is wrong.

    Without options it looks at everything, as /readyz does. `--worker --canary` proves that messages are taken and
    runs performed, `--beat --canary` that what waits for its time is sent.
    """
    checks = probes.report(["beat"] if beat else []) if beat or not (worker or canary) else {}
    if worker:
        checks["worker"] = trials.workers_here(node=node)
    if canary:
        checks["canary"] = trials.run_goes_through(queue=queue, seconds=timeout, by_beat=beat)
    if as_json:
        print_json(stdout(), probes.as_json(checks))
    else:
        for name, check in checks.items():
            stdout().write(f"{name}: {check.problem or 'ok'}")
    if not probes.is_ready(checks):
        wrong = [f"{name}: {check.problem}" for name, check in checks.items() if not check.ok]
        raise CommandError("; ".join(wrong), returncode=FAILED)


@Command.command(name="check-inflight")
def check_inflight(*, as_json: AsJson = False) -> None:
    """Before a deploy: would everything that waits still run under this code? Exits 1 when something would not.

    Looks at every unfinished run and every enabled schedule: is there a job of that name, do the arguments fit it.
    """
    misfits = list(inflight.check_inflight())
    if as_json:
        print_json(stdout(), [asdict(misfit) for misfit in misfits])
    elif misfits:
        print_rich(stdout(), misfits_table(misfits))
    else:
        stdout().write("everything that waits would run under this code")
    if misfits:
        raise CommandError(f"{len(misfits)} would not run under this code", returncode=FAILED)
