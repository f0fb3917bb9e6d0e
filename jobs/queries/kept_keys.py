"""Copies of Redis keys that are kept in the database."""

from __future__ import annotations

from django.db.models import QuerySet

from jobs.models import KeptKey


def kept_keys(pattern: str = "*") -> QuerySet[KeptKey]:
    """Return the copies of the key `pattern`, or of the keys that begin with it where it ends in a star."""
    by_name = {"name__startswith": pattern[:-1]} if pattern.endswith("*") else {"name": pattern}
    return KeptKey.objects.filter(**by_name).order_by("name")
