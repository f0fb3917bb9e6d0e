"""A language model's server: OpenAI's completions, Azure's paths, Vertex AI's generateContent; scripted answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.doubles.server import Double, Reply, Request

KEY = "sk-test-3141592653"
TOKEN = "ya29.test-token"
Say = Callable[[str], Any]


class ModelServer(Double):
    """Answers with `say(prompt)`: a JSON value, bare text, or a Reply; refuses what the real servers refuse."""

    def __init__(self) -> None:
        self.say: Say = lambda _: {}
        self.prompts: list[str] = []
        super().__init__(self._reply)

    def _reply(self, request: Request) -> Reply:
        if request.path == "/token":
            return Reply(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})
        if request.path.endswith(":generateContent"):
            return self._vertex(request)
        if request.path.endswith("/chat/completions"):
            return self._openai(request)
        return Reply(404, {"error": {"message": f"no such path {request.path}"}})

    def _openai(self, request: Request) -> Reply:
        if KEY not in (request.headers.get("authorization", ""), request.headers.get("api-key", "")) and (
            request.headers.get("authorization") != f"Bearer {KEY}"
        ):
            return Reply(
                401, {"error": {"message": f"Incorrect API key provided: {KEY[:6]}", "code": "invalid_api_key"}}
            )
        asked = request.json
        if asked.get("tools") or asked["response_format"]["type"] != "json_schema":
            return Reply(400, {"error": {"message": "this double takes a schema and no tools"}})
        said = self._said("\n".join(_texts(asked["messages"])))
        if isinstance(said, Reply):
            return said
        message = {"role": "assistant", "content": said}
        return Reply(
            200,
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1_780_000_000,
                "model": asked["model"],
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
            },
        )

    def _vertex(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"error": {"code": 401, "message": "Request had invalid authentication credentials."}})
        asked = request.json
        said = self._said("\n".join(part["text"] for each in asked["contents"] for part in each["parts"]))
        if isinstance(said, Reply):
            return said
        return Reply(
            200,
            {
                "candidates": [{"content": {"role": "model", "parts": [{"text": said}]}, "finishReason": "STOP"}],
                "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100},
            },
        )

    def _said(self, prompt: str) -> Any:
        self.prompts.append(prompt)
        said = self.say(prompt)
        return said if isinstance(said, str | Reply) else json.dumps(said)


def _texts(messages: list[dict[str, Any]]) -> list[str]:
    contents = (message["content"] for message in messages)
    return [text if isinstance(text, str) else "".join(part["text"] for part in text) for text in contents]
