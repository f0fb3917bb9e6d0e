"""Gift exchanges: who gives to whom, reminders at the exchange's own wall-clock time, and their end."""
