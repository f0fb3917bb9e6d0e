"""What people are told and how, in the admin, one module per model."""

from notifications.admin import delivery, preference, signal

__all__ = ["delivery", "preference", "signal"]
