"""`manage.py jobs keys`: copies of Redis keys that were about to expire; listed and given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import redis
from django.core.management import CommandError
from typer import Argument, Option

from jobs import operations, queries
from jobs.cli.exits import FAILED, exit_codes
from jobs.cli.printing import print_json, stdout
from jobs.management.commands.jobs import AsJson, Command

Pattern = Annotated[str, Argument(metavar="KEY", help="A key, or how keys begin with a star: 'checkpoint:7:*'.")]


@Command.group()  # type: ignore[arg-type]
def keys() -> None:
    """Copies of Redis keys, kept before they expired."""
    # Its verbs follow.


@keys.command(name="list")
def list_keys(
    pattern: Pattern = "*",
    *,
    limit: Annotated[int, Option(min=1, max=1000, help="How many, by name.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the copies: key, when it was kept, and when it expires or expired."""
    rows = queries.kept_keys(pattern).values("name", "kept_at", "expires_at", "restored_at")[:limit]
    if as_json:
        print_json(stdout(), list(rows))
        return
    for row in rows:
        stdout().write(f"{row['name']}  kept {row['kept_at']:%FT%TZ}, expires {row['expires_at']:%FT%TZ}")


@keys.command()
def restore(
    pattern: Pattern,
    *,
    hours: Annotated[float, Option(min=0.01, help="How long the keys live from now on.")] = 24.0,
    as_json: AsJson = False,
) -> None:
    """Write copies back to Redis; a key that is there is left alone. Exits 1 when none went back."""
    with exit_codes():
        try:
            outcome = operations.restore_keys(pattern, life=timedelta(hours=hours))
        except redis.RedisError as error:
            raise CommandError(f"Redis does not answer: {error}", returncode=FAILED) from error
    if as_json:
        print_json(stdout(), {"restored": outcome.restored, "left": outcome.left})
    else:
        lines = [f"restored {name}" for name in outcome.restored]
        stdout().write("\n".join([*lines, *(f"left {name}: {why}" for name, why in outcome.left.items())]))
    if not outcome.restored:
        raise CommandError(f"nothing was restored of {pattern}", returncode=FAILED)
