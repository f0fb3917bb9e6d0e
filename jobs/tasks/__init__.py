"""The engine's own jobs, one per file; importing this package registers them all."""

from jobs.tasks.bell import bell
from jobs.tasks.canary import canary
from jobs.tasks.clean_up import clean_up
from jobs.tasks.redis_monitoring import redis_monitoring
from jobs.tasks.reencrypt import reencrypt
from jobs.tasks.replay_dead_letters import replay_dead_letters

__all__ = ["bell", "canary", "clean_up", "redis_monitoring", "reencrypt", "replay_dead_letters"]
