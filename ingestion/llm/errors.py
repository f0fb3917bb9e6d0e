"""What can go wrong with a language model; each error knows whether trying again may help."""

from __future__ import annotations

from ingestion.llm.usage import Usage
from jobs.errors import PermanentError, TransientError


class UnknownModelError(PermanentError):
    """LLM_MODEL names no model there is, or its settings are incomplete."""


class ModelRefusedError(PermanentError):
    """The model's server refused the key, the model's name or the request as such."""


class ModelUnavailableError(TransientError):
    """The model's server can't be reached, is busy or failed."""


class BudgetSpentError(TransientError):
    """The user's share of the model for today is used up; tomorrow (UTC) there is a new one."""


class NonsenseError(TransientError):
    """The model answered something that isn't an answer; another try may do better."""

    def __init__(self, message: str, *, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.usage = usage or Usage()


class PromptError(PermanentError):
    """A prompt and the values given to it don't fit together."""
