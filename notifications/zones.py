"""The zone of a user's wall clock, for the engine's per-user schedules; named in the setting user_zone."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from notifications.models import Preference


def zone_of(user: AbstractBaseUser) -> str:
    """Return the time zone in the user's preferences."""
    return Preference.of(user).time_zone
