"""What people are told and how, in the admin, one module per model."""

from notifications.admin import delivery, exchange, preference, signal

__all__ = ["delivery", "exchange", "preference", "signal"]
