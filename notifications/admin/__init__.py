"""What people are told and how, in the admin, one module per model."""

from notifications.admin import alert, delivery, exchange, preference, signal, threema_integration, webhook_endpoint

__all__ = ["alert", "delivery", "exchange", "preference", "signal", "threema_integration", "webhook_endpoint"]
