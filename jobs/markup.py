"""Small pieces of HTML that the admin pages are made of; every value is escaped."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.phrases import distance_words
from jobs.states import State

NOTHING = format_html('<span class="daybook-soft">{}</span>', "\N{EN DASH}")

TONES: dict[str, str] = {
    State.SCHEDULED: "quiet",
    State.QUEUED: "info",
    State.RUNNING: "busy",
    State.RETRYING: "warn",
    State.SUCCESS: "good",
    State.FAILED: "bad",
    State.CANCELLED: "quiet",
    State.SKIPPED: "quiet",
    State.MISSED: "warn",
}


def badge(text: str, *, tone: str) -> SafeString:
    """Return a coloured badge; tones are good, bad, warn, info, busy and quiet."""
    return format_html('<span class="daybook-badge daybook-{}">{}</span>', tone, text)


def state_badge(state: str) -> SafeString:
    """Return the badge of a run's state."""
    return badge(state.capitalize(), tone=TONES.get(state, "quiet"))


def moment(at: datetime | None, *, now: datetime | None = None) -> SafeString:
    """Return how long ago (or until) it is, the exact time in the site's zone on hover."""
    if at is None:
        return NOTHING
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S %Z}",
        distance_words(at, now=now or timezone.now()),
    )


def two_lines(first: object, second: object) -> SafeString:
    """Return a cell of a main line and a quieter one below."""
    return format_html('<span class="daybook-cell"><span>{}</span><small>{}</small></span>', first, second)


def clipped(text: str) -> SafeString:
    """Return the text on one line, the rest on hover."""
    if not text:
        return NOTHING
    return format_html('<span class="daybook-clip" title="{}">{}</span>', text[:1000], text[:200])


def nowrap(text: object) -> SafeString:
    """Return the text on one line, whatever the column's width."""
    return format_html('<span class="daybook-nowrap">{}</span>', text)


def link(target: Model | None, text: object = None) -> SafeString:
    """Return a link to the object's admin page."""
    if target is None:
        return NOTHING
    meta = target._meta  # noqa: SLF001 - Django's documented way to a model's names
    name = f"admin:{meta.app_label}_{meta.model_name}_change"
    label = str(target) if text is None else text
    return format_html('<a class="daybook-link" href="{}">{}</a>', reverse(name, args=[target.pk]), label)


def run_link(run_id: UUID | None) -> SafeString:
    """Return a link to a run of which only the id is known; it may have been pruned."""
    if run_id is None:
        return NOTHING
    return format_html(
        '<a class="daybook-link" href="{}">{}</a>', reverse("admin:jobs_run_change", args=[run_id]), run_id
    )


def as_json(value: Any) -> str:
    """Return the value as indented JSON, readable in any language."""
    return json.dumps(value, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)


def code(text: str) -> SafeString:
    """Return a block of text as it is."""
    return format_html('<code class="daybook-code">{}</code>', text) if text else NOTHING
