"""What a person may ask of ingestion, for every face alike: register a mailbox, sync one user or all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.contrib.auth.models import AbstractBaseUser

from ingestion.models import Account, Consent
from ingestion.oauth import keep_tokens
from ingestion.providers.imap_url import parse_imap_url
from jobs import operations as engine
from jobs import queries
from jobs.models import Run
from jobs.models.run import Cause
from jobs.states import State


class MailboxError(ValueError):
    """The mailbox was not described well enough to be registered."""


@dataclass(frozen=True, slots=True)
class Synced:
    """How the sync of one account ended."""

    account: Account
    run: Run
    counts: dict[str, int]


def register_account(
    user: AbstractBaseUser,
    *,
    mbox: Path | None = None,
    maildir: Path | None = None,
    imap_url: str | None = None,
    imap_password: str = "",
    address: str = "",
) -> tuple[Account, bool]:
    """Return the user's account for a mailbox, and whether it is new; a new password replaces the old one.

    `imap_password` goes before one in the URL.

    Raises:
        MailboxError: not exactly one mailbox was named, or it can't be one; no password is ever quoted.
    """
    given = [source for source in (mbox, maildir, imap_url) if source]
    if len(given) != 1:
        raise MailboxError("Name one mailbox: an mbox file, a Maildir folder or an IMAP URL.")
    own = address or str(getattr(user, "email", ""))
    if imap_url:
        return _register_imap(user, imap_url, password=imap_password, own=address)
    path, provider = (mbox, Account.Provider.MBOX) if mbox else (maildir, Account.Provider.MAILDIR)
    location = Path(str(path)).expanduser().resolve()
    if not (location.is_file() if mbox else location.is_dir()):
        message = f"{location} is no {'file' if mbox else 'folder'}."
        raise MailboxError(message)
    account, is_new = Account.objects.get_or_create(
        owner_id=user.pk, provider=provider, location=str(location), defaults={"address": own}
    )
    return _revived(account, **({"address": address} if address else {})), is_new


def connect_account(user: AbstractBaseUser, *, consent: Consent, base_url: str = "") -> Account:
    """Return the user's mail account that lives by the consent, active again; `base_url` replaces the provider's own.

    Raises:
        MailboxError: the consent is another user's.
    """
    if consent.owner_id != user.pk:
        raise MailboxError("The consent is another user's.")
    provider, url = {
        "google": (Account.Provider.GMAIL, "https://gmail.googleapis.com/gmail/v1"),
        "microsoft": (Account.Provider.GRAPH, "https://graph.microsoft.com/v1.0"),
    }[consent.provider]
    account, _ = Account.objects.update_or_create(
        owner_id=user.pk,
        provider=provider,
        location=f"{base_url or url}/users/{quote(consent.address, safe='@')}",
        defaults={"consent": consent, "is_active": True, "disabled_reason": "", "retry_at": None},
        create_defaults={"consent": consent, "address": consent.address},
    )
    return account


def give_consent(
    user: AbstractBaseUser, *, provider: str, address: str, refresh_token: str, scopes: str = ""
) -> Consent:
    """Return the user's consent at a provider, kept encrypted; a new token replaces the old one.

    Raises: MailboxUnavailableError when another process doesn't let go of the consent.
    """
    consent, _ = Consent.objects.get_or_create(owner_id=user.pk, provider=provider, address=address.lower())
    keep_tokens(consent, refresh_token=refresh_token, scopes=scopes)
    return consent


def sync_user(
    user: AbstractBaseUser, *, accounts: Iterable[Account] | None = None, cause: Cause = Cause.CLI, **options: Any
) -> list[Synced]:
    """Sync the user's active accounts, or the given ones of them, one after another in this process.

    `options` are those of sync_account: full, lookback_days, limit. A failure is in the run; the others go on.
    """
    chosen = Account.objects.active().filter(owner_id=user.pk).order_by("pk") if accounts is None else accounts
    return [_sync(account, cause=cause, options=options) for account in chosen]


def sync_all(*, provider: str | None = None, cause: Cause = Cause.CLI, **options: Any) -> list[Synced]:
    """Sync every active account, one after another in this process; see sync_user."""
    accounts = Account.objects.active().select_related("owner").order_by("pk")
    if provider is not None:
        accounts = accounts.filter(provider=provider)
    # A list: a run performed here may replace the connection, and a cursor on it would be gone.
    return [_sync(account, cause=cause, options=options) for account in list(accounts)]


def _register_imap(user: AbstractBaseUser, imap_url: str, *, password: str, own: str) -> tuple[Account, bool]:
    try:
        mailbox, in_url = parse_imap_url(imap_url)
    except ValueError as error:
        raise MailboxError(str(error)) from None
    password = password or in_url
    known = Account.objects.filter(owner_id=user.pk, provider=Account.Provider.IMAP, location=mailbox.location).first()
    if known is None and not password:
        raise MailboxError("A new IMAP account needs a password: set IMAP_PASSWORD or give --password-stdin.")
    credentials = {"username": mailbox.username, "password": password}
    if known:
        changes: dict[str, Any] = {"address": own} if own else {}
        return _revived(known, **changes, **({"credentials": credentials} if password else {})), False
    login = mailbox.username if "@" in mailbox.username else ""
    return Account.objects.get_or_create(
        owner_id=user.pk,
        provider=Account.Provider.IMAP,
        location=mailbox.location,
        defaults={"address": own or login or str(getattr(user, "email", "")), "credentials": credentials},
    )


def _revived(account: Account, **changes: Any) -> Account:
    """Return the account, active again: naming it anew is the user's wish to have it synced."""
    wanted = {**changes, "is_active": True, "disabled_reason": ""}
    for name, value in wanted.items():
        setattr(account, name, value)
    account.save(update_fields=list(wanted))
    return account


def _sync(account: Account, *, cause: Cause, options: dict[str, Any]) -> Synced:
    whose = {"account_id": account.pk, "user_id": account.owner_id, "provider": account.provider}
    kwargs = {**whose, **options}
    run = engine.run_here("sync_account", kwargs, owner=account.owner, cause=cause)
    result = queries.details(run).result if run.state == State.SUCCESS else None
    return Synced(account=account, run=run, counts=result or {})
