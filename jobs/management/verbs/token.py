"""`manage.py jobs token`: keys to the REST API; a secret is printed once."""

from __future__ import annotations

import uuid
from typing import Annotated

from django.utils import timezone
from typer import Argument, Option

from jobs import operations
from jobs.cli.exits import bad_usage, exit_codes
from jobs.cli.printing import print_json, print_rich, stdout
from jobs.cli.reading import read_user
from jobs.cli.tables import tokens_table
from jobs.management.commands.jobs import AsJson, Command
from jobs.models import ApiToken
from jobs.models.token import Scope
from jobs.representation import token_values


@Command.group()  # type: ignore[arg-type]
def token() -> None:
    """Keys to the REST API."""
    # Its verbs follow.


@token.command()
def create(
    user: Annotated[str, Argument(metavar="USER", help="Whose rights it has.")],
    *,
    name: Annotated[str, Option(help="What it is for.")],
    scope: Annotated[
        list[str] | None, Option(help=f"{', '.join(Scope.values)}; repeat for more. Default: read.")
    ] = None,
    days: Annotated[int, Option(min=1, max=366, help="How long it lives.")] = 90,
    as_json: AsJson = False,
) -> None:
    """Make a token and print its secret, which is never shown again."""
    owner = read_user(user)
    if owner is None:
        raise bad_usage("name a user")
    with exit_codes():
        made, secret = operations.make_token(owner, name=name, scopes=scope or [Scope.READ.value], days=days)
    if as_json:
        print_json(stdout(), {**token_values(made), "secret": secret})
    else:
        stdout().write(f"{secret}\nIt opens the API as {user} until {made.expires_at:%F} and is never shown again.")


@token.command(name="list")
def list_tokens(
    *,
    everything: Annotated[bool, Option("--all", help="Expired and revoked ones, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List tokens: whose, what for, scopes, expiry and last use; never a secret."""
    found = ApiToken.objects.select_related("user").order_by("user", "name")
    tokens = list(found if everything else found.in_force(now=timezone.now()))
    if as_json:
        print_json(stdout(), [token_values(each) for each in tokens])
    else:
        print_rich(stdout(), tokens_table(tokens))


@token.command()
def revoke(token_id: Annotated[str, Argument(metavar="ID", help="As `token list --json` shows it.")]) -> None:
    """Make a token open nothing any more, at once."""
    try:
        found = ApiToken.objects.filter(pk=uuid.UUID(token_id)).first()
    except ValueError:
        found = None
    if found is None:
        raise bad_usage(f"no token has the id {token_id}")
    changed = operations.revoke_token(found)
    stdout().write(f"{found.name} is revoked" if changed else f"{found.name} was revoked already")
