"""The engine's own jobs, one per file; importing this package registers them all."""

from jobs.tasks.bell import bell
from jobs.tasks.canary import canary
from jobs.tasks.replay_dead_letters import replay_dead_letters

__all__ = ["bell", "canary", "replay_dead_letters"]
