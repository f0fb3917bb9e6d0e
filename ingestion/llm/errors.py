"""What can go wrong with a language model; each error knows whether trying again may help."""

from __future__ import annotations

from jobs.errors import PermanentError, TransientError


class UnknownModelError(PermanentError):
    """LLM_MODEL names no model that is built in."""


class NonsenseError(TransientError):
    """The model answered something that isn't an answer; another try may do better."""


class PromptError(PermanentError):
    """A prompt and the values given to it don't fit together."""
