"""`manage.py jobs sync`: fetches mail here and now, recorded and guarded like any run; brings further verbs in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, cast

from django.core.management import CommandError
from django_typer.utils import get_current_command
from typer import Option

from ingestion import operations
from ingestion.cli import ai, archive, search
from ingestion.cli.calendars import sync_one_users_calendars
from ingestion.cli.passwords import WARNING, has_password, read_password
from ingestion.models import Account
from ingestion.operations import MailboxError, Synced
from jobs.cli.exits import FAILED, REFUSED, bad_usage
from jobs.cli.printing import print_json
from jobs.cli.reading import read_user
from jobs.management.commands.jobs import AsJson, Command
from jobs.states import State

__all__ = ["ai", "archive", "search", "sync"]

Full = Annotated[bool, Option("--full", help="Look at everything again, not only at what is new.")]
Lookback = Annotated[int | None, Option(min=1, metavar="DAYS", help="How far a first or full sync reaches back.")]
Limit = Annotated[int | None, Option(min=1, help="At most so many mails per account; the next sync goes on behind.")]


@Command.group()  # type: ignore[arg-type]
def sync() -> None:
    """Fetch mail here and now, recorded and guarded like any run; no broker and no worker needed.

    Exit codes: 0 done, 1 a sync failed, 2 bad usage, 3 a sync of the account is under way.
    """
    # The name is `jobs sync`; its verbs follow.


@sync.command(name="user")
def sync_one_user(  # noqa: PLR0913 - one option each
    *,
    user: Annotated[str, Option(metavar="NAME", help="Whose mail.")],
    mbox: Annotated[Path | None, Option(metavar="PATH", help="An mbox file; registered if it is new.")] = None,
    maildir: Annotated[Path | None, Option(metavar="PATH", help="A Maildir folder; registered if it is new.")] = None,
    imap_url: Annotated[
        str | None, Option(metavar="URL", help="imaps://user@host/INBOX; its password, kept encrypted: IMAP_PASSWORD.")
    ] = None,
    password_stdin: Annotated[bool, Option("--password-stdin", help="Read the IMAP password there, or ask.")] = False,
    address: Annotated[str, Option(help="The user's own address there; default: the login or the user's e-mail.")] = "",
    full: Full = False,
    lookback_days: Lookback = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Sync one user's mailboxes, or the one that is named."""
    owner = read_user(user)
    if owner is None:
        raise bad_usage("--user names no one")
    accounts = None
    if mbox or maildir or imap_url:
        try:
            account, _ = operations.register_account(
                owner,
                mbox=mbox,
                maildir=maildir,
                imap_url=imap_url,
                imap_password=_imap_password(imap_url, from_stdin=password_stdin),
                address=address,
            )
        except MailboxError as error:
            raise bad_usage(str(error)) from None
        accounts = [account]
    synced = operations.sync_user(owner, accounts=accounts, full=full, lookback_days=lookback_days, limit=limit)
    _report(synced, as_json)


sync.command(name="calendars")(sync_one_users_calendars)


@sync.command(name="all")
def sync_everybody(
    *,
    provider: Annotated[str | None, Option(help="Only accounts of this provider.")] = None,
    full: Full = False,
    lookback_days: Lookback = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Sync every active mailbox of every user."""
    if provider is not None and provider not in Account.Provider.values:
        raise bad_usage(f"there is no provider {provider!r}; there are {', '.join(Account.Provider.values)}")
    _report(operations.sync_all(provider=provider, full=full, lookback_days=lookback_days, limit=limit), as_json)


def _imap_password(imap_url: str | None, *, from_stdin: bool) -> str:
    if imap_url is None:
        return ""
    if has_password(imap_url):
        cast("Command", get_current_command()).stderr.write(WARNING)
    return read_password(from_stdin=from_stdin)


def _report(synced: Iterable[Synced], as_json: bool) -> None:
    command = cast("Command", get_current_command())
    done = list(synced)
    totals: Counter[str] = Counter()
    for one in done:
        totals.update(one.counts)
    if as_json:
        print_json(command.stdout, {"accounts": [_values(one) for one in done], "totals": dict(totals)})
    else:
        for one in done:
            command.stdout.write(f"{one.account}: {_words(one)}")
        command.stdout.write(f"{len(done)} account(s): {_counted(dict(totals)) or 'nothing fetched'}")
    _judge(done)


def _judge(done: list[Synced]) -> None:
    states = Counter(State(one.run.state) for one in done)
    succeeded = states.pop(State.SUCCESS, 0)
    if refused := states.pop(State.SKIPPED, 0) if len(states) == 1 else 0:
        raise CommandError(f"{refused} of {refused + succeeded} syncs were refused", returncode=REFUSED)
    if failed := sum(states.values()):
        raise CommandError(f"{failed} of {len(done)} syncs failed", returncode=FAILED)


def _values(one: Synced) -> dict[str, Any]:
    return {
        "account": one.account.pk,
        "owner": str(one.account.owner),
        "provider": one.account.provider,
        "location": one.account.location,
        "run": str(one.run.pk),
        "state": one.run.state,
        "counts": one.counts,
        "error": _error(one),
    }


def _words(one: Synced) -> str:
    return _counted(one.counts) or f"{one.run.state}: {_error(one)}"


def _error(one: Synced) -> str:
    return one.run.error_message or one.run.reason if one.run.state != State.SUCCESS else ""


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())
