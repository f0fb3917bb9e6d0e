"""One job per file; importing this package registers them all."""

from notifications.tasks.complete_exchanges import complete_exchanges
from notifications.tasks.delete_spent_tokens import delete_spent_tokens
from notifications.tasks.plan_reminders import plan_reminders
from notifications.tasks.purge_exchanges import purge_exchanges
from notifications.tasks.remind_participants import remind_participants
from notifications.tasks.send_exchange_link import send_exchange_link
from notifications.tasks.send_notifications import send_notifications

__all__ = [
    "complete_exchanges",
    "delete_spent_tokens",
    "plan_reminders",
    "purge_exchanges",
    "remind_participants",
    "send_exchange_link",
    "send_notifications",
]
