"""Sends participants the link that shows whom they give to; the link is made when its mail goes out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from jobs import registry
from notifications.models import Participant

JOB = "send_exchange_link"


def send_links(people: Iterable[Participant], *, matched_at: datetime) -> None:
    """Enqueue a mail with a fresh link to each, once per matching."""
    job = registry.find(JOB)
    for person in people:
        arguments = {"participant_id": person.pk, "matched": f"{matched_at:%Y%m%dT%H%M%S}"}
        job.apply_async(kwargs=arguments, unique_key=f"{JOB}:{person.pk}:{matched_at:%FT%T}")
