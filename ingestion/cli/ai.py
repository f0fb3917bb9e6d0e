"""`manage.py jobs ai`: lets the language model process threads here and now, recorded and guarded like any run."""

from __future__ import annotations

from typing import Annotated, Any, cast

from django.contrib.auth.models import User
from typer import Argument, Option

from ingestion.llm.review import ASPECTS
from jobs import operations, queries
from jobs.cli.exits import bad_usage, exit_codes, judge
from jobs.cli.printing import print_json, stdout
from jobs.cli.reading import read_user
from jobs.management.commands.jobs import AsJson, Command
from jobs.models.run import Cause
from jobs.states import State

UserName = Annotated[str | None, Option(metavar="NAME", help="Only threads of this user.")]
Aspects = Annotated[list[str] | None, Option("--aspect", help=f"Any of {', '.join(ASPECTS)}; repeat it; default all.")]


@Command.group()  # type: ignore[arg-type]
def ai() -> None:
    """Process threads here and now; no broker and no worker needed.

    Exit codes: 0 done, 1 it failed, 2 bad usage, 3 it is under way already.
    """
    # The name is `jobs ai`; its verbs follow.


@ai.command(name="thread")
def process_one_thread(
    thread: Annotated[int, Argument(help="The thread's number.")],
    *,
    user: UserName = None,
    aspect: Aspects = None,
    as_json: AsJson = False,
) -> None:
    """Process one thread; what is known of it already isn't asked again."""
    _process({"thread_id": thread, **_wishes(user, aspect)}, user, as_json)


@ai.command(name="bulk")
def process_many_threads(
    *,
    user: UserName = None,
    aspect: Aspects = None,
    limit: Annotated[int | None, Option(min=1, help="At most so many threads.")] = None,
    as_json: AsJson = False,
) -> None:
    """Process every thread that changed since it was last processed."""
    _process({**({"limit": limit} if limit else {}), **_wishes(user, aspect)}, user, as_json)


def _wishes(user: str | None, aspects: list[str] | None) -> dict[str, Any]:
    if unknown := set(aspects or ()) - set(ASPECTS):
        raise bad_usage(f"there is no aspect {', '.join(sorted(unknown))}; there are {', '.join(ASPECTS)}")
    owner = read_user(user)
    return {**({"user_id": owner.pk} if owner else {}), **({"aspects": list(aspects)} if aspects else {})}


def _process(kwargs: dict[str, Any], user: str | None, as_json: bool) -> None:
    with exit_codes():
        run = operations.run_here(
            "process_threads", kwargs, owner=cast("User | None", read_user(user)), cause=Cause.CLI
        )
    counts = (queries.details(run).result if run.state == State.SUCCESS else None) or {}
    if as_json:
        print_json(stdout(), {"run": str(run.pk), "state": run.state, "counts": counts, "error": run.error_message})
    else:
        stdout().write(", ".join(f"{number} {name}" for name, number in counts.items()) or str(run.state))
    judge(run)
