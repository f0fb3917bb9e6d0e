"""Chooses the language model that LLM_MODEL names: rules, openai:NAME, azure:DEPLOYMENT or vertex:NAME."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from django.utils.module_loading import import_string

from ingestion.conf import conf
from ingestion.llm.errors import UnknownModelError
from ingestion.llm.protocol import LanguageModel, Writer
from ingestion.llm.remote.endpoint import KINDS, Endpoint
from ingestion.llm.rules.model import RulesModel

if TYPE_CHECKING:
    from ingestion.llm.remote.model import RemoteModel

# Loaded where it is chosen: most have the rules.
REMOTE_MODEL = "ingestion.llm.remote.model.RemoteModel"
MODELS: dict[str, Callable[[], LanguageModel]] = {"rules": RulesModel}


def language_model() -> LanguageModel:
    """Return the model in force; nothing is connected before its first call.

    Raises: UnknownModelError with the names there are, or with what is missing.
    """
    setting = conf().llm_model
    if setting in MODELS:
        return MODELS[setting]()
    kind, _, name = setting.partition(":")
    if kind not in KINDS or not name:
        known = ", ".join([*sorted(MODELS), *(f"{kind}:NAME" for kind in KINDS)])
        raise UnknownModelError(f"LLM_MODEL is {setting!r}; known are: {known}")
    return _remote(kind, name)


def writer(*, patience_seconds: float) -> Writer | None:
    """Return the model that words notices, which answers in so many seconds or not at all; None: the rules don't write.

    Raises: UnknownModelError as `language_model`.
    """
    model = language_model()
    return None if conf().llm_model in MODELS else cast("RemoteModel", model).within(patience_seconds)


def _remote(kind: str, name: str) -> RemoteModel:
    current = conf()
    endpoint = Endpoint(
        kind=kind,
        name=name,
        base_url=current.llm_base_url,
        api_key=current.llm_api_key,
        api_version=current.llm_api_version,
        project=current.llm_project,
        location=current.llm_location,
        timeout_seconds=current.llm_timeout_seconds,
    )
    if missing := endpoint.missing():
        raise UnknownModelError(f"LLM_MODEL is {conf().llm_model!r}, which also needs: {', '.join(missing)}")
    model: type[RemoteModel] = import_string(REMOTE_MODEL)
    return model(endpoint, price_in=Decimal(current.llm_price_in), price_out=Decimal(current.llm_price_out))
