"""`manage.py jobs top`: everything at a glance, again and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from django.db import Error, connection
from rich.console import RenderableType
from rich.text import Text
from typer import Option

from jobs import queries
from jobs.cli.overview_page import overview_page
from jobs.cli.printing import print_json, print_rich, stdout
from jobs.cli.screen import redraw
from jobs.management.commands.jobs import AsJson, Command
from jobs.phrases import duration_words
from jobs.representation import overview_values


@Command.command()
def top(
    *,
    interval: Annotated[float, Option(min=0.2, metavar="SECONDS", help="How often to look anew.")] = 2.0,
    minutes: Annotated[int, Option(min=1, max=10_080, help="How far ends and failures go back.")] = 60,
    limit: Annotated[int, Option(min=1, max=100, help="How many running and failed runs to show.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Watch queues, running runs, workers, throughput and failures, live; q or Ctrl-C ends.

    Where the output is no terminal it is printed once.
    """
    period = timedelta(minutes=minutes)

    def page() -> RenderableType:
        seen = queries.overview(period=period, limit=limit)
        return overview_page(seen, period=duration_words(period.total_seconds()))

    if as_json:
        print_json(stdout(), overview_values(queries.overview(period=period, limit=limit)))
    elif stdout().isatty():
        redraw(lambda: _or_error(page), seconds=interval)
    else:
        print_rich(stdout(), page())


def _or_error(page: Callable[[], RenderableType]) -> RenderableType:
    """Return the page, or what is wrong with the database, that may answer again at the next look."""
    try:
        return page()
    except Error as error:
        connection.close()
        return Text(f"the database does not answer: {error}", "red")
