"""Stores what became of mails at their provider: other marks, or gone; in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from ingestion.models import Account, Mail, MailCopy
from ingestion.providers.protocol import Sighting

MARKS = ("seen", "answered", "flagged")


def note_sightings(account: Account, sightings: Sequence[Sighting], *, now: datetime) -> tuple[int, int]:
    """Note them and return how many mails have other marks than before, and how many are gone.

    The last word on each counts. A mail is gone once every place is gone where the provider held it; it stays stored.
    """
    last = {each.key: each.marks for each in sightings}
    marked = {key: marks for key, marks in last.items() if marks is not None}
    gone = [key for key, marks in last.items() if marks is None]
    changed = []
    for mail in Mail.objects.filter(account=account, provider_key__in=marked).only("provider_key", *MARKS):
        marks = asdict(marked[mail.provider_key])
        if any(getattr(mail, name) != value for name, value in marks.items()):
            for name, value in marks.items():
                setattr(mail, name, value)
            changed.append(mail)
    Mail.objects.bulk_update(changed, MARKS)
    return len(changed), _note_gone(account, gone, now=now) if gone else 0


def forget_places(account: Account, prefix: str) -> None:
    """Forget the places whose keys begin so: the provider gave its mails others, which says nothing of the mails."""
    MailCopy.objects.filter(account=account, provider_key__startswith=prefix).delete()
    Mail.objects.filter(account=account, provider_key__startswith=prefix).update(provider_key="")


def _note_gone(account: Account, keys: list[str], *, now: datetime) -> int:
    copies = MailCopy.objects.filter(account=account, provider_key__in=keys)
    concerned = set(copies.values_list("mail", flat=True))
    copies.delete()
    first = Mail.objects.filter(account=account, provider_key__in=keys)
    concerned |= set(first.values_list("pk", flat=True))
    first.update(provider_key="")
    homeless = Mail.objects.filter(pk__in=concerned, provider_key="")
    for copy in list(MailCopy.objects.filter(mail__in=homeless).order_by("pk")):
        # The next place becomes the one whose marks count.
        if homeless.filter(pk=copy.mail_id).update(provider_key=copy.provider_key):
            copy.delete()
    return homeless.filter(gone_at=None).update(gone_at=now)
