"""`manage.py jobs search`: finds a user's mails and events by words and by meaning."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from typer import Argument, Option

from ingestion.searching.finding import Kind, Mode, search
from ingestion.searching.query import BadQueryError
from jobs.cli.exits import bad_usage
from jobs.cli.printing import print_json, stdout
from jobs.cli.reading import read_user
from jobs.management.commands.jobs import AsJson, Command


@Command.command(name="search")
def find(
    *,
    words: Annotated[list[str], Argument(help='Words, "phrases", begin* and -without (behind --).')],
    user: Annotated[str, Option(metavar="NAME", help="Whose mail and calendars.")],
    mode: Annotated[Mode, Option(help="By words, by meaning, or by both.")] = Mode.BOTH,
    kind: Annotated[Kind, Option(help="Only mails, or only events.")] = Kind.ANY,
    limit: Annotated[int, Option(min=1, max=100, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find a user's mails and events, the best first."""
    owner = read_user(user)
    if owner is None:
        raise bad_usage("--user names no one")
    try:
        found = search(owner.pk, " ".join(words), mode=mode, kind=kind, limit=limit)
    except BadQueryError as error:
        raise bad_usage(str(error)) from None
    if as_json:
        print_json(stdout(), [asdict(one) for one in found])
        return
    for one in found:
        stdout().write(f"{one.happened_at:%Y-%m-%d}  {one.kind:5}  {one.title or '(no title)'}  {one.who}")
        stdout().write(f"            {one.excerpt}")
    stdout().write(f"{len(found)} found")
