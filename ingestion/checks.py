"""Start-up checks of ingestion: the language model exists, the prompts are well-formed."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from ingestion.embedding.selection import embedder
from ingestion.llm.errors import PromptError, UnknownModelError
from ingestion.llm.prompts import prompt_names, variables_of
from ingestion.llm.selection import language_model


@register
def language_model_is_known(**_: Any) -> list[CheckMessage]:
    """Report a value of LLM_MODEL that names no model."""
    try:
        language_model()
    except UnknownModelError as error:
        return [Error(str(error), hint="Set LLM_MODEL to one of them; 'rules' is built in.", id="ingestion.E001")]
    return []


@register
def embedder_is_known(**_: Any) -> list[CheckMessage]:
    """Report a value of EMBEDDING_MODEL that names no embedder."""
    try:
        embedder()
    except UnknownModelError as error:
        return [Error(str(error), hint="'hashed' is built in.", id="ingestion.E003")]
    return []


@register
def prompts_are_well_formed(**_: Any) -> list[CheckMessage]:
    """Report prompts whose braces mark no variable."""
    found: list[CheckMessage] = []
    for name in prompt_names():
        try:
            variables_of(name)
        except PromptError as error:
            found.append(Error(str(error), id="ingestion.E002"))
    return found
