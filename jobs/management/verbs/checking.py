"""`manage.py jobs doctor | health | check-inflight`: whether all is well; exits 1 when it isn't."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from django.core.management import CommandError
from typer import Option

from jobs import doctor as doctors
from jobs import health as probes
from jobs import inflight
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
def health(
    *,
    worker: Annotated[bool, Option("--worker", help="Only whether workers report and every queue is served.")] = False,
    beat: Annotated[bool, Option("--beat", help="Only whether a beat reports.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answer a probe: whether work goes through. Exits 1 when it doesn't."""
    wanted = [name for name, asked in (("workers", worker), ("beat", beat)) if asked]
    checks = probes.report(wanted)
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
