"""Ways out to people; one module of one shape per channel."""

from notifications.channels.email import EmailChannel
from notifications.channels.protocol import Channel

CHANNELS: dict[str, Channel] = {"email": EmailChannel()}

__all__ = ["CHANNELS", "Channel"]
