"""One job per file; importing this package registers them all."""

from notifications.tasks.send_notifications import send_notifications

__all__ = ["send_notifications"]
