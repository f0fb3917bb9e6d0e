"""`manage.py jobs dead`: dead letters by what went wrong; replayed at once or carefully, or discarded."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from typer import Option

from jobs import dead_letters, operations
from jobs.cli.exits import bad_usage, exit_codes
from jobs.cli.printing import print_json, print_rich, stdout
from jobs.cli.reading import read_user
from jobs.cli.tables import dead_letters_table
from jobs.management.commands.jobs import AsJson, Command, Owner
from jobs.models.run import Cause
from jobs.representation import run_values

Fingerprint = Annotated[str, Option(metavar="F", help="Only this error, as `dead list` shows it.")]
OfJob = Annotated[str, Option("--job", metavar="NAME", help="Only this job's.")]
Everything = Annotated[bool, Option("--all", help="All of them, whatever the error and the job.")]


@Command.group()  # type: ignore[arg-type]
def dead() -> None:
    """Failed runs that wait for a person, grouped by what went wrong."""
    # Its verbs follow.


@dead.command(name="list")
def list_groups(
    *,
    limit: Annotated[int, Option(min=1, max=1000, help="How many groups, the most numerous first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List open dead letters by job and error, the most numerous first."""
    groups = dead_letters.groups(limit=limit)
    if as_json:
        print_json(stdout(), [asdict(group) for group in groups])
    else:
        print_rich(stdout(), dead_letters_table(groups))


@dead.command()
def replay(
    *,
    fingerprint: Fingerprint = "",
    job: OfJob = "",
    everything: Everything = False,
    canary: Annotated[
        int | None,
        Option(min=1, metavar="N", help="N first, then ten times as many, and so on; stops when one fails again."),
    ] = None,
    owner: Owner = None,
    as_json: AsJson = False,
) -> None:
    """Enqueue dead letters again: all at once, or with --canary a few first, by a job that watches them.

    Name an error, a job, or --all. With --canary it prints the run of the job that replays.
    """
    _check_chosen(fingerprint, job, everything)
    if canary is None:
        count = operations.replay_dead_letters(fingerprint=fingerprint, job=job)
        _tell("replayed", count, as_json=as_json)
        return
    steps = [canary, canary * 10, canary * 100]
    with exit_codes():
        run = operations.replay_carefully(
            fingerprint=fingerprint, job=job, steps=steps, cause=Cause.CLI, owner=read_user(owner)
        )
    if as_json:
        print_json(stdout(), run_values(run))
    else:
        stdout().write(f"run {run.pk} replays them: {', '.join(map(str, steps))}, then the rest")


@dead.command()
def discard(
    *,
    fingerprint: Fingerprint = "",
    job: OfJob = "",
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """Close dead letters without running them. Name an error, a job, or --all."""
    _check_chosen(fingerprint, job, everything)
    count = operations.discard_dead_letters(fingerprint=fingerprint, job=job)
    _tell("discarded", count, as_json=as_json)


def _check_chosen(fingerprint: str, job: str, everything: bool) -> None:
    if everything == bool(fingerprint or job):
        raise bad_usage("name --fingerprint or --job, or else --all")


def _tell(what: str, count: int, *, as_json: bool) -> None:
    if as_json:
        print_json(stdout(), {what: count})
    else:
        stdout().write(f"{count} {what}")
