"""What a model answers when it words a notice; whether it is faithful is judged by who asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The notice in the model's words, plain text without its title."""

    text: str
