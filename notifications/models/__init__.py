"""What people want to be told, what they were told, and how it reached them."""

from notifications.models.delivery import Delivery
from notifications.models.preference import Preference
from notifications.models.signal import Signal

__all__ = ["Delivery", "Preference", "Signal"]
