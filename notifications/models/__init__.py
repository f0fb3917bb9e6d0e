"""What people are told, how they want it, and who takes part in what."""

from notifications.models.alert import Alert, Watermark
from notifications.models.delivery import Delivery
from notifications.models.exchange import Exchange, ExchangeReminder
from notifications.models.participant import AccessToken, Participant
from notifications.models.preference import Preference
from notifications.models.signal import Signal
from notifications.models.threema_integration import ThreemaIntegration
from notifications.models.webhook_endpoint import RunWish, WebhookEndpoint

__all__ = [
    "AccessToken",
    "Alert",
    "Delivery",
    "Exchange",
    "ExchangeReminder",
    "Participant",
    "Preference",
    "RunWish",
    "Signal",
    "ThreemaIntegration",
    "Watermark",
    "WebhookEndpoint",
]
