"""Ways out to people and machines; one module of one shape per channel."""

from notifications.channels.apprise import AppriseChannel
from notifications.channels.email import EmailChannel
from notifications.channels.protocol import Channel
from notifications.channels.webhook import WebhookChannel

EMAIL, APPRISE, WEBHOOK = "email", "apprise", "webhook"
CHANNELS: dict[str, Channel] = {EMAIL: EmailChannel(), APPRISE: AppriseChannel(), WEBHOOK: WebhookChannel()}

__all__ = ["APPRISE", "CHANNELS", "EMAIL", "WEBHOOK", "Channel"]
