"""Chooses the language model that LLM_MODEL names."""

from __future__ import annotations

from collections.abc import Callable

from ingestion.conf import conf
from ingestion.llm.errors import UnknownModelError
from ingestion.llm.protocol import LanguageModel
from ingestion.llm.rules.model import RulesModel

MODELS: dict[str, Callable[[], LanguageModel]] = {"rules": RulesModel}


def language_model() -> LanguageModel:
    """Return the model in force.

    Raises: UnknownModelError with the names there are.
    """
    name = conf().llm_model
    if name not in MODELS:
        raise UnknownModelError(f"LLM_MODEL is {name!r}; known are: {', '.join(sorted(MODELS))}")
    return MODELS[name]()
