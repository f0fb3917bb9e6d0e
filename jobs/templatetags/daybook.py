"""Template filters of the admin pages: moments, durations and links as the lists show them."""

from __future__ import annotations

import json
from datetime import datetime

from django import template
from django.db.models import Model
from django.utils.safestring import SafeString

from jobs import markup
from jobs.phrases import cores_words, duration_words, size_words

register = template.Library()


@register.filter
def moment(at: datetime | None) -> SafeString:
    """Return how long ago it is, the exact time on hover."""
    return markup.moment(at)


@register.filter
def duration(seconds: float | None) -> str:
    """Return the duration in words."""
    return duration_words(seconds)


@register.filter
def cores(used: float | None) -> str:
    """Return CPU in use as a share of one core."""
    return cores_words(used)


@register.filter
def size(in_bytes: int | None) -> str:
    """Return the size with its unit."""
    return size_words(in_bytes)


@register.filter
def percent(share: float) -> str:
    """Return the share as a percentage; only all of it is 100 %."""
    return "100 %" if share == 1 else f"{min(share * 100, 99.99):.4g} %"


@register.filter
def since(at: datetime, start: datetime) -> str:
    """Return how long after `start` it is, such as `+3.2 s`; empty for the start itself."""
    seconds = (at - start).total_seconds()
    return f"+{duration_words(seconds)}" if seconds > 0 else ""


@register.filter
def setting(value: object) -> str:
    """Return a setting as one line: texts as they are, all else as JSON, nothing for nothing."""
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def link_to(target: Model | None, text: str = "") -> SafeString:
    """Return a link to the object's admin page."""
    return markup.link(target, text or None)
