"""A draft of an answer by rules: greets, names what was asked, leaves the answer itself to the owner."""

from __future__ import annotations

from ingestion.llm.facts import MailFacts
from ingestion.llm.rules.reading import read, requests_in
from ingestion.llm.rules.summary import shorten

LONGEST_QUOTE = 200
MOST_QUESTIONS = 3
_LETTERS = {
    "en": ("Hello {name},", "thank you for your mail. On what you asked:", "[your answer]", "Best regards"),
    "de": (
        "Guten Tag {name},",
        "vielen Dank für Ihre Nachricht. Zu Ihrer Frage:",
        "[Ihre Antwort]",
        "Freundliche Grüsse",
    ),
    "fr": (
        "Bonjour {name},",
        "merci pour votre message. Voici ma réponse :",
        "[votre réponse]",
        "Meilleures salutations",
    ),
}


def draft_reply(mail: MailFacts, *, owner_name: str) -> str:
    """Return a letter with a gap for each thing asked."""
    reading = read(mail)
    greeting, opening, gap, closing = _LETTERS[reading.language.code]
    asked = [shorten(request, LONGEST_QUOTE) for request in requests_in(reading)[:MOST_QUESTIONS]]
    name = mail.sender_name or mail.sender_address.partition("@")[0]
    body = "\n\n".join(f"> {request}\n{gap}" for request in asked) or gap
    return f"{greeting.format(name=name)}\n\n{opening}\n\n{body}\n\n{closing}\n{owner_name}".strip()
