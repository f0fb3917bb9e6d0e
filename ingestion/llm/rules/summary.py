"""Summarises by extraction: the mail's own first sentences, never words of the model's own."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 240


def summarise(sentences: Sequence[str], *, subject: str, attachments: Sequence[str]) -> str:
    """Return at most 240 characters: the first sentences, else the subject, else the names of the attachments."""
    summary = ""
    for sentence in sentences:
        if summary and len(summary) + 1 + len(sentence) > LONGEST:
            break
        summary = f"{summary} {sentence}".strip()
    return shorten(summary or subject or ", ".join(attachments), LONGEST)


def shorten(text: str, longest: int) -> str:
    """Return `text` cut at a word, with an ellipsis, to at most `longest` characters."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
