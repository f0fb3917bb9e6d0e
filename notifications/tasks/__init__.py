"""One job per file; importing this package registers them all."""

from notifications.tasks.awaiting_response_notifications import awaiting_response_notifications
from notifications.tasks.commitment_reminders import commitment_reminders
from notifications.tasks.complete_exchanges import complete_exchanges
from notifications.tasks.daily_briefing import daily_briefing
from notifications.tasks.delete_spent_tokens import delete_spent_tokens
from notifications.tasks.plan_reminders import plan_reminders
from notifications.tasks.pre_meeting_prep import pre_meeting_prep
from notifications.tasks.purge_exchanges import purge_exchanges
from notifications.tasks.remind_participants import remind_participants
from notifications.tasks.send_email import send_email
from notifications.tasks.send_exchange_link import send_exchange_link
from notifications.tasks.send_notifications import send_notifications
from notifications.tasks.send_otp_email import send_otp_email
from notifications.tasks.send_webhooks import send_webhooks
from notifications.tasks.threema_polling import threema_polling
from notifications.tasks.watch_runs import watch_runs

__all__ = [
    "awaiting_response_notifications",
    "commitment_reminders",
    "complete_exchanges",
    "daily_briefing",
    "delete_spent_tokens",
    "plan_reminders",
    "pre_meeting_prep",
    "purge_exchanges",
    "remind_participants",
    "send_email",
    "send_exchange_link",
    "send_notifications",
    "send_otp_email",
    "send_webhooks",
    "threema_polling",
    "watch_runs",
]
