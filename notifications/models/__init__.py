"""What people are told, how they want it, and who takes part in what."""

from notifications.models.delivery import Delivery
from notifications.models.exchange import Exchange, ExchangeReminder
from notifications.models.participant import AccessToken, Participant
from notifications.models.preference import Preference
from notifications.models.signal import Signal

__all__ = ["AccessToken", "Delivery", "Exchange", "ExchangeReminder", "Participant", "Preference", "Signal"]
