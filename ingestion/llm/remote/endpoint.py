"""Where a remote model is and what it is called there; builds pydantic-ai's model of it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_ai.models import Model

KINDS = ("openai", "azure", "vertex")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One model of one server."""

    kind: str
    name: str
    """Azure: of the deployment."""
    base_url: str = ""
    api_key: str = ""
    api_version: str = ""
    project: str = ""
    location: str = ""
    timeout_seconds: float = 60.0

    def __repr__(self) -> str:
        return f"<{self.kind}:{self.name}>"

    def missing(self) -> list[str]:
        """Return the settings and packages that it lacks."""
        needed = {
            "openai": {"LLM_BASE_URL": self.base_url or self.api_key},
            "azure": {
                "LLM_BASE_URL": self.base_url,
                "LLM_API_KEY": self.api_key,
                "LLM_API_VERSION": self.api_version,
            },
            "vertex": {"LLM_PROJECT": self.project, "LLM_LOCATION": self.location},
        }[self.kind]
        package = [] if find_spec("pydantic_ai") else ["the extra `llm`: pip install '.[llm]' in the checkout"]
        return [name for name, value in needed.items() if not value] + package


def model_of(endpoint: Endpoint, http: Any) -> Model:
    """Return pydantic-ai's model; `http` is the client it calls with. Retries are the run's own, so none here."""
    return {"openai": _openai, "azure": _azure, "vertex": _vertex}[endpoint.kind](endpoint, http)


def _openai(endpoint: Endpoint, http: Any) -> Model:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(
        base_url=endpoint.base_url or None,
        api_key=endpoint.api_key or "none",
        timeout=endpoint.timeout_seconds,
        max_retries=0,
        http_client=http,
    )
    return OpenAIChatModel(endpoint.name, provider=OpenAIProvider(openai_client=client))


def _azure(endpoint: Endpoint, http: Any) -> Model:
    from openai import AsyncAzureOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.azure import AzureProvider

    client = AsyncAzureOpenAI(
        azure_endpoint=endpoint.base_url,
        api_key=endpoint.api_key,
        api_version=endpoint.api_version,
        timeout=endpoint.timeout_seconds,
        max_retries=0,
        http_client=http,
    )
    return OpenAIChatModel(endpoint.name, provider=AzureProvider(openai_client=client))


def _vertex(endpoint: Endpoint, http: Any) -> Model:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google_cloud import GoogleCloudProvider

    provider = GoogleCloudProvider(
        project=endpoint.project, location=endpoint.location, http_client=http, base_url=endpoint.base_url or None
    )
    return GoogleModel(endpoint.name, provider=provider)
