"""The engine's own jobs, one per file; importing this package registers them all."""

from jobs.tasks.replay_dead_letters import replay_dead_letters

__all__ = ["replay_dead_letters"]
