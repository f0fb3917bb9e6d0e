"""Clean-up of what no application owns, one job per file; importing this package registers them all."""

from project.tasks.delete_expired_limits import delete_expired_limits
from project.tasks.delete_expired_sessions import delete_expired_sessions

__all__ = ["delete_expired_limits", "delete_expired_sessions"]
